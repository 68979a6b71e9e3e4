"""Scan labelled worlds with the installed command and score what it found."""
