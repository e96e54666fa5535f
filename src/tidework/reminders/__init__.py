"""Reminders: what somebody wants to be told of a task, and when."""
