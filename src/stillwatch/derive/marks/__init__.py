"""Marks: how a keyed habit enters what we serve, and how it is read back from what a suspect writes."""
