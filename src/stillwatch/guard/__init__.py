"""The other direction: sensitive data about to leave for an outside AI service, found, replaced, coached or stopped."""
