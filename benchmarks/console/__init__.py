"""Is the console quick enough, with a large campaign and many cases?"""
