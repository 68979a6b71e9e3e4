"""How often harmless groups would be alarmed: null months played from made-up worlds, and kinds left out in turn."""
