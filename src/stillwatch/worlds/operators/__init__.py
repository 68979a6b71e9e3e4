"""Actors that harvest. Each module says how the method looks, what can be varied, and what a detector can see of it."""
