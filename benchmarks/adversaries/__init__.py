"""Own adversaries in made-up weeks: what a scan finds of operators that each evade in one way, and whom it accuses."""
