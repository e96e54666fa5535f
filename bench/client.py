"""A small HTTP client for what happens beside the load: seeding, tokens, health."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class BenchError(Exception):
    """The run cannot go on; the text says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One keep-alive connection to a server on loopback; not for use by two threads."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer, whatever its status."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        self._connection.request(method, path, payload, sent)
        answer = self._connection.getresponse()
        lower = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, lower, answer.read())

    def expect(self, status: int, method: str, path: str, body: object = None, **how: Any) -> Any:
        """Send, refuse any other status, and return the decoded JSON body (None when empty)."""
        answer = self.send(method, path, body, **how)
        if answer.status != status:
            text = answer.body[:500].decode("utf-8", "replace")
            raise BenchError(f"{method} {path} gave {answer.status} instead of {status}: {text}")
        return answer.json() if answer.body else None


def render(
    method: str,
    path: str,
    port: int,
    token: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One raw HTTP/1.1 request, as wrk sends it."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
    ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + payload
