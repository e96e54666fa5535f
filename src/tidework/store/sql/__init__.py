"""Stores on SQL databases: one definition of schema and queries, thin drivers below it."""
