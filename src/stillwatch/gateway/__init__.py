"""The gateway: senses and enforces in front of a model's API. Knows the decision feed and nothing of cases."""
