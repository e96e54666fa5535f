"""Telling other systems what has happened in a workspace, by requests to their addresses."""
