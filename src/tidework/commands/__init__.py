"""The commands, a module each; `register` adds a module's commands to the command line."""

from tidework.errors import TideworkError


class Reported(TideworkError):
    """A failure that has been told already; the command ends with 1 and says no more."""
