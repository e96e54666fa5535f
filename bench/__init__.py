"""Measures Tidework beside PocketBase on one machine: `python -m bench --help`."""
