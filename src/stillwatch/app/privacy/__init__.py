"""Use cases of ``stillwatch privacy``: papers from the register, and the rights of people over what is stored."""
