"""How fast is a whole scan, and does its time grow with the log as it should?"""
