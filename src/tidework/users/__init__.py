"""Accounts: who there is, what they are called, what they may do in the installation."""
