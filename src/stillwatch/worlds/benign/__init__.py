"""Actors that harm nobody. Each module says which look-alike it is, what it shares with a harvest and what differs."""
