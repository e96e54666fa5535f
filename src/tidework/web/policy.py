"""What the app's page may load and talk to: its content security policy (CSP level 3)."""

import re
from typing import Final
from urllib.parse import urlsplit

Header = tuple[bytes, bytes]

_NAME: Final = b"content-security-policy"
_HOST: Final = re.compile(r"(?:[a-z0-9_-][a-z0-9._-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Policy:
    """The policies of an installation. Nothing inline is allowed, but for style tags that bear the
    nonce of their page: Mantine makes some when it runs.

    A picture may come from anywhere, for the ones in descriptions; the app asks before it loads one.
    """

    def __init__(self, public_url: str, cdn_url: str) -> None:
        """`cdn_url` is where the assets are also to be had, or empty; both without a slash at the
        end.
        """
        self._host = urlsplit(public_url).netloc
        self._cdn = f" {cdn_url}/assets/" if cdn_url else ""
        # A worker is held to the policy that its own file came with.
        self.code: Header = (
            _NAME,
            (
                f"default-src 'none'; script-src 'self'{self._cdn}; connect-src 'self'{self._cdn};"
                " frame-ancestors 'none'"
            ).encode(),
        )
        self.file: Header = (_NAME, b"default-src 'none'; frame-ancestors 'none'")

    def page(self, nonce: str, host: str) -> Header:
        """The policy of one page; `host` is the one it was asked for under, as the caller wrote it."""
        cdn = self._cdn
        return (
            _NAME,
            (
                f"default-src 'none'; script-src 'self'{cdn};"
                f" style-src 'self' 'nonce-{nonce}'{cdn};"
                f" img-src 'self' data: blob: https: http:; font-src 'self'{cdn};"
                f" connect-src 'self' {self._sockets(host.lower())}; manifest-src 'self';"
                " worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
                " object-src 'none'"
            ).encode(),
        )

    def _sockets(self, host: str) -> str:
        """WebSockets of the same origin, by name: not every browser counts them to 'self' (Safari
        before 15.4, Firefox before 2023).
        """
        hosts = [self._host]
        if host != self._host and _HOST.fullmatch(host):
            hosts.append(host)
        return " ".join(f"{scheme}://{one}" for one in hosts for scheme in ("ws", "wss"))
