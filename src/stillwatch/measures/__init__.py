"""From a case to what gateways do: decisions as the fold of the journal, who may make them, and whom they hit."""
