"""The decision feed: what gateways are told and how they read it. Knows no case, no journal and no request format."""
