"""People on an installation: with sessions, API tokens, and a workspace that they share."""

import email
import email.policy
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.harness.caller import Answer, Caller, Told
from tests.faults.harness.installation import PASSWORD, Installation

from tidework.cluster.process import wait_until

_numbers = itertools.count(1)


@dataclass
class Session:
    """A session of somebody."""

    id: str
    access: str
    refresh: str


@dataclass
class Person:
    """Somebody with an account; every call says at which copy."""

    installation: Installation
    id: str
    email: str
    first: Session

    def call(self, copy: int, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        """A request at one copy, on a connection of its own, with the first session's token."""
        caller = Caller([copy], token or self.first.access, Random(0))
        try:
            return caller.call(method, path, body)
        finally:
            caller.close()

    def must(self, copy: int, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """The body of an answer that has to be a good one."""
        answer = self.call(copy, method, path, body, token)
        assert answer.told is Told.DONE, (method, path, answer)
        return answer.body

    def log_in(self, copy: int) -> Session:
        """A further session."""
        body = {"email": self.email, "password": PASSWORD}
        made = self.must(copy, "POST", "/auth/login", body)
        return session_of(self, copy, made)

    def api_token(self, copy: int, *scopes: str) -> tuple[str, str]:
        """A new API token: its id and its secret."""
        body = {"name": f"token {next(_numbers)}", "scopes": list(scopes)}
        made = self.must(copy, "POST", "/auth/tokens", body)
        return made["id"], made["token"]


def session_of(person: Person, copy: int, made: dict[str, Any]) -> Session:
    """The session that a log-in has made."""
    listed = person.must(copy, "GET", "/auth/sessions", token=made["access_token"])
    [current] = [one["id"] for one in listed["items"] if one["current"]]
    return Session(current, made["access_token"], made["refresh_token"])


def somebody(installation: Installation) -> Person:
    """A new account, with its first session."""
    made = installation.register()
    nobody = Session("", made["access_token"], made["refresh_token"])
    person = Person(installation, made["user"]["id"], made["email"], nobody)
    person.first = session_of(person, installation.ports[0], made)
    return person


def mailed_link(folder: Path, address: str) -> str:
    """The secret in the last mail to an address, in any mail folder below; waits until it is there.

    Whichever copy does the job writes the file.
    """
    found: list[str] = []

    def there() -> bool:
        found_files = folder.rglob("mail/*.eml")
        for path in sorted(found_files, key=lambda path: path.name, reverse=True):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            match = re.search(r"#token=(tws_\S+)", text)
            if message["to"] == address and match:
                found.append(match[1])
                return True
        return False

    wait_until(there, f"a mail to {address}", 30)
    return found[0]
