"""HTTP clients of tests."""

from functools import lru_cache

import httpx
from httpx._transports import default


def patch() -> None:
    """Clients of this process read once whom to trust, which is most of the work of making one."""
    default.create_ssl_context = lru_cache(httpx.create_ssl_context)  # type: ignore[assignment]
