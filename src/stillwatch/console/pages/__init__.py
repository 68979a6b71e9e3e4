"""The pages, by what they are about. Each takes a visit and returns an answer."""
