"""Mail that leaves later: as jobs, which survive the process."""
