"""Plugs: the gateway's judgement inside what stands in front of a model already."""
