"""Stillwatch: which accounts are quietly harvesting an LLM API, and how sure one can be of it."""

__version__ = "0.1.0"
