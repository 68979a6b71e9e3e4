"""Measurements of Stillwatch: run from a checkout, never part of the installed package."""
