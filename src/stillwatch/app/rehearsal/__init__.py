"""A rehearsal's parts: what is planted (cells, design, plants), where (base), and what came of it (the other modules).

Only what ``stillwatch rehearse`` needs; ``app.rehearse`` is the use case that puts them together.
"""
