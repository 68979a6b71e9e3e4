"""Use cases around cases: from a run folder to the journal, and from the journal to what leaves the house."""
