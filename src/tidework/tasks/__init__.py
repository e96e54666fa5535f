"""Tasks, their comments and relations, and what the log says of a workspace."""
