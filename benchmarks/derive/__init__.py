"""How fast keys are scored."""
