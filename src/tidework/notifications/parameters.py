"""Query parameters of notifications, for the OpenAPI document."""

from typing import Final

from tidework.http.parameters import CURSOR, flag, limit, text

INBOX: Final = (flag("unread", "Only what has not been read."), limit(), CURSOR)
TOKEN: Final = (text("token", "What the address in a mail says.", "WyIwMTk5YzBkZS…"),)
