"""What every route shares: the edge, problem details, limits, health, metrics, docs."""
