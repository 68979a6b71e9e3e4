"""How often shared prompt machinery is found at a second provider, and how often in whom it should not be."""
