"""How well the guard finds what must not leave, how fast, and what other tools find in the same texts."""
