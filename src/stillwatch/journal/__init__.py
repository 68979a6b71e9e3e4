"""The append-only record of what people and the program decided: hash-chained, sealed where it is about a person."""
