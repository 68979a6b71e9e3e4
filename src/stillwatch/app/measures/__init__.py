"""Measures wired to a store: the journal, run folders, the register, the feed."""
