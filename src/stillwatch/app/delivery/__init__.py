"""Use cases of delivery: what the journal says and what people send, to the targets of a store."""
