"""Tidework: a task manager for teams, built on a change log."""

__version__ = "0.1.0"
