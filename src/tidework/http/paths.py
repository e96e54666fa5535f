"""Paths that every part reads alike.

What stands before a route (limits, scopes, a proxy's own rules) goes by a path's text; routers and
proxies take out empty steps and dots first. So a path that has any leads nowhere.
"""

import re
from typing import Final

from tidework.http.problem import nothing_here

_ODD: Final = re.compile(r"//|/\.{1,2}(?:/|\Z)")


def check_path(path: str) -> None:
    """Raise `NotFound` for a path, decoded, with an empty step or one of `.` or `..`.

    A slash at the end is taken. `*` is what OPTIONS may ask instead of a path (RFC 9112, 3.2.4).
    """
    if _ODD.search(path) or (path[:1] != "/" and path != "*"):
        raise nothing_here()
