"""Workspaces, their members, projects and labels."""
