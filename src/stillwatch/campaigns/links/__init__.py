"""Why two accounts of a group are believed to belong together: LINKS."""
