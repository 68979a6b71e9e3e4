"""Marks where answers are made: in a server's own process, with nothing but the group's name from outside."""
