"""Validation of the derivation test on students that a CPU can train. See README.md."""
