"""An HTTP client for addresses that somebody else chose.

A name is resolved once, every address that it has is looked at, and the connection goes to one of
those very addresses: a name that answers differently the next time changes nothing. Redirects are
not followed, the environment's proxies not used, answers not unpacked.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from ipaddress import ip_address
from typing import Final, Literal

import certifi
import httpcore
import msgspec

from tidework import __version__
from tidework.outgoing.addresses import Allowed, embedded
from tidework.outgoing.names import Names
from tidework.outgoing.target import Target, read_target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, in the order in which they should be tried. Raises OSError."""

Reason = Literal["url", "address", "dns", "connect", "tls", "timeout", "protocol"]

DEADLINE_S: Final = 15.0
MAX_ANSWER: Final = 64 << 10
_CONNECT_S: Final = 5.0


class OutgoingError(Exception):
    """No answer came. `reason` is for programs, `detail` says it to people.

    Neither tells what a name resolves to: that may be nobody's business.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class NotAllowed(OutgoingError):
    """The request must not be sent: its reason is `url` or `address`. Nothing was connected to."""


class Answer(msgspec.Struct, frozen=True):
    """An answer, whatever its status. `headers` have lower-case names, the last of each name.

    `truncated` says that the body went on behind `body`; `seconds` is how long it all took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    seconds: float


class Outgoing:
    """Sends requests to public addresses, and to what the operator allows besides. Share one.

    May be called concurrently; each request has a connection of its own.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`allow`: networks beside the public ones. Raises ValueError for what is none.

        `resolve` and `tls` replace the system's resolver and its certificate authorities.
        """
        self._allowed = Allowed(allow)
        self._resolve = resolve or Names().addresses
        self._tls = tls

    def check(self, url: str) -> None:
        """Refuse an address that can be seen to be refused without asking a name server.

        Raises `ValueError`, which says what is wrong with it.
        """
        target = read_target(url)
        local = target.host == "localhost" or target.host.endswith(".localhost")
        if (target.is_literal and not self._allowed.permits(target.host)) or (
            local and not self._allowed.permits("127.0.0.1")
        ):
            raise ValueError("is no public address, and nothing is sent to others")

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        deadline_s: float = DEADLINE_S,
        max_answer: int = MAX_ANSWER,
    ) -> Answer:
        """Send one request and read its answer, both within `deadline_s` seconds.

        Of the answer's body `max_answer` bytes are kept, and little more is read. Raises
        `NotAllowed` before anything is sent, `OutgoingError` when no answer came; whether the
        request has arrived is unknown then.
        """
        try:
            target = read_target(url)
        except ValueError as wrong:
            raise NotAllowed("url", f"The address {wrong}.") from None
        sent = {"user-agent": f"Tidework/{__version__}", "accept-encoding": "identity"}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        sent["host"] = target.authority
        started = time.monotonic()
        try:
            async with asyncio.timeout(deadline_s):
                pinned = _Pinned(await self._checked(target))
                try:
                    status, got, start, truncated = await self._exchange(
                        method, target, sent, body, pinned, max_answer
                    )
                finally:
                    await pinned.aclose()
        except TimeoutError:
            raise OutgoingError("timeout", f"No answer within {deadline_s:g} seconds.") from None
        return Answer(status, got, start, truncated, time.monotonic() - started)

    async def _checked(self, target: Target) -> Sequence[str]:
        """The addresses of the target, once each of them has been looked at."""
        if target.is_literal:
            addresses: Sequence[str] = [target.host]
        else:
            try:
                addresses = await self._resolve(target.host, target.port)
            except (OSError, UnicodeError):
                addresses = []
        if not addresses:
            raise OutgoingError("dns", "The name of the host has no address.")
        # One that is not allowed among others that are is how a name gets past a check of the first.
        if not all(map(self._allowed.permits, addresses)):
            raise NotAllowed(
                "address",
                "The host is not on the public internet. Ask whoever runs this server to allow its"
                " network (TIDEWORK_OUTGOING_ALLOW).",
            )
        return addresses

    async def _exchange(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: bytes,
        pinned: "_Pinned",
        max_answer: int,
    ) -> tuple[int, dict[str, str], bytes, bool]:
        url = httpcore.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        sent = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]
        tls = await self._context() if target.scheme == "https" else None
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    tls, max_connections=1, max_keepalive_connections=0, network_backend=pinned
                ) as pool,
                pool.stream(method, url, headers=sent, content=body) as response,
            ):
                start, truncated = await _start_of(response, max_answer)
                got = {
                    n.decode("latin-1").lower(): v.decode("latin-1") for n, v in response.headers
                }
                return response.status, got, start, truncated
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise _not_connected(error) from None
        except (httpcore.NetworkError, httpcore.TimeoutException):
            raise OutgoingError(
                "connect", "The connection broke before the answer was there."
            ) from None
        except httpcore.ProtocolError:
            raise OutgoingError("protocol", "The host's answer is not HTTP.") from None

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await asyncio.to_thread(_authorities)
        return self._tls


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to the given addresses, whatever name it is asked for."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self._tcp = httpcore.AnyIOBackend()
        self._streams: list[httpcore.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Close what is still open: httpcore leaves a handshake that is cut off as it is."""
        for stream in self._streams:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = await self._tcp.connect_tcp(
                    address, port, _CONNECT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            self._streams.append(stream)
            peer = ip_address(stream.get_extra_info("server_addr")[0])
            if embedded(peer) == embedded(ip_address(address)):
                return stream
            failure = httpcore.ConnectError("another address than the one asked for")
        raise failure


async def _start_of(response: httpcore.Response, max_answer: int) -> tuple[bytes, bool]:
    """The body's first `max_answer` bytes, and whether there is more."""
    start = bytearray()
    async with aclosing(response.aiter_stream()) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            start += chunk
            if len(start) > max_answer:
                return bytes(start[:max_answer]), True
    return bytes(start), False


def _not_connected(error: Exception) -> OutgoingError:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return OutgoingError("tls", f"The host's certificate is not valid: {cause.verify_message}.")
    if cause is not None:
        return OutgoingError("tls", "No encrypted connection could be made.")
    return OutgoingError("connect", "The host does not take connections.")


def _authorities() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # A machine without authorities of its own, such as a bare container.
    places = ssl.get_default_verify_paths()
    if not (places.cafile or places.capath):
        context.load_verify_locations(certifi.where())
    return context
