"""How do time, memory and disk grow with the log, and what can one machine watch?"""
