"""Requests to servers that somebody else named: webhooks, push services, gateways for messages."""
