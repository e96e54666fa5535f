"""Seeing what a server does: metrics of all its workers, traces, slow queries, reports of defects."""
