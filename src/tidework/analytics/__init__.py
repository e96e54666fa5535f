"""Statistics: a read model of its own, fed by the log."""
