"""A client of many copies: it goes on with another one, and knows what an answer leaves open."""

import http.client
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

TIMEOUT = 15.0


class Told(Enum):
    """What a client knows of a request after its answer, or without one."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing was changed, says the server; or nobody has got the request."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing did."""

    told: Told
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    why: str = ""
    port: int = 0

    @property
    def code(self) -> str:
        """The code of a failure."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def seq(self) -> int | None:
        """The commit that a write became."""
        found = self.headers.get("tidework-seq")
        return int(found) if found else None


def _judged(status: int, code: str) -> Told:
    if status in (502, 504) or code == "outcome_unknown" or status == 500:
        return Told.UNKNOWN
    return Told.DONE if status < 400 else Told.REFUSED


class Caller:
    """One client. Each request goes to the copy of the one before, unless that went away."""

    def __init__(self, ports: Sequence[int], token: str, dice: random.Random) -> None:
        self.token = token
        self._ports = list(ports)
        self._dice = dice
        self._connection: http.client.HTTPConnection | None = None
        self.port = dice.choice(self._ports)

    def go_elsewhere(self) -> None:
        """Send the next request to another copy, where there is one."""
        self.close()
        self.port = self._dice.choice(
            [one for one in self._ports if one != self.port] or [self.port]
        )

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a request below `/api/v1`, once; it is never repeated here."""
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        text = None
        if body is not None:
            text = json.dumps(body)
            sent["content-type"] = "application/json"
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
            try:
                connection.connect()
            except OSError as error:
                self.go_elsewhere()
                return Answer(Told.REFUSED, why=repr(error))
            self._connection = connection
        try:
            self._connection.request(method, f"/api/v1{path}", text, sent)
            answer = self._connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.go_elsewhere()
            return Answer(Told.UNKNOWN, why=repr(error))
        if answer.getheader("connection", "").lower() == "close":
            self.close()
        found = json.loads(raw) if raw else None
        named = {name.lower(): value for name, value in answer.getheaders()}
        code = found.get("code", "") if isinstance(found, dict) else ""
        told = _judged(answer.status, str(code))
        return Answer(told, answer.status, named, found, str(code), self.port)

    def leave(self, method: str, path: str) -> None:
        """Send a request, and close the connection before its answer has come."""
        self.close()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with suppress(OSError):
            headers = {"authorization": f"Bearer {self.token}"}
            connection.request(method, f"/api/v1{path}", headers=headers)
        connection.close()

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The body of an answer that has to be a good one; for preparing and for looking."""
        answer = self.call(method, path, body)
        if method == "GET" and answer.status == 0:
            # A connection that was kept while its copy was killed.
            answer = self.call(method, path)
        assert answer.told is Told.DONE, (method, path, answer)
        return answer.body
