"""``stillwatch serve``: what a run published and what people make of it, as pages for a browser.

Thin: figures come from ``report``'s read model, acts go through ``app.cases``; this package adds who is asking.
"""
