"""Published ways of finding such campaigns, rebuilt small, to run beside Stillwatch on the same worlds."""
