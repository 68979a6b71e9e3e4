"""``sight``: other people's indicators against one's own history."""
