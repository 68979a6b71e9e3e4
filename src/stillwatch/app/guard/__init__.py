"""Use cases of ``stillwatch guard``: look through texts, learn what must not go out."""
