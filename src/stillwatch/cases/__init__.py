"""From a finding to what people decide about it: cases as the fold of the journal."""
