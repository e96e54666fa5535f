"""Clients that write while parts are killed, a record of what they were told, and a look at the truth."""
