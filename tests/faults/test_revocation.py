"""What is taken away at one copy is gone at all of them with the next request, whatever they keep."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from tests.faults.harness.installation import PASSWORD, Installation, plain
from tests.faults.harness.people import mailed_link, somebody
from tests.faults.harness.watch import Probe, watching
from tests.services.runs import FULL, Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]

NEW_PASSWORD = "another horse battery staple"
ENDED, HIDDEN, LOWERED = frozenset({401}), frozenset({404}), frozenset({403})
STAYS: frozenset[int] = frozenset()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with plain(copies=3) as made:
        yield made


@dataclass
class Case:
    """Somebody with two sessions and an API token, in somebody else's workspace.

    Attributes:
        act: takes something away at a copy; returns when that was answered.
        refreshes: the refresh tokens that are to be refused afterwards.
    """

    installation: Installation
    dice: Random
    probes: list[Probe] = field(default_factory=list)
    refreshes: list[str] = field(default_factory=list)
    act: Callable[[int], object] = lambda _: None

    def __post_init__(self) -> None:
        [port, *_] = self.installation.ports
        self.owner, self.person = somebody(self.installation), somebody(self.installation)
        self.second = self.person.log_in(port)
        self.workspace = self.owner.must(port, "POST", "/workspaces", {"name": "Shared"})["id"]
        self.place = f"/workspaces/{self.workspace}"
        self.join("editor")
        made = self.person.must(port, "POST", f"{self.place}/tasks", {"title": "word"})
        self.task = f"{self.place}/tasks/{made['id']}"

    def join(self, role: str) -> None:
        body = {"email": self.person.email, "role": role}
        self.owner.must(self.installation.ports[0], "POST", f"{self.place}/members", body)

    def reads(self, token: str, refused: frozenset[int]) -> None:
        """Everything that copies keep: one task, lists, a search, statistics, the log."""
        paths = ("/tasks", "/tasks?q=word", "/stats", "/changes?since=0", "/members", "")
        for path in (self.task, *(f"{self.place}{path}" for path in paths)):
            self.probes.append(Probe(token, "GET", path, refused))

    def writes(self, token: str, refused: frozenset[int]) -> None:
        """What changes something; in some rounds the seq stays, so that all is answered from memory."""
        self.probes.append(Probe(token, "PATCH", self.task, refused, {"description": "changed"}))
        if self.dice.random() < 0.3:
            made = {"title": "one more"}
            self.probes.append(Probe(token, "POST", f"{self.place}/tasks", refused, made))

    def own(self, token: str, refused: frozenset[int]) -> None:
        """What is one's own."""
        self.probes.append(Probe(token, "GET", "/users/me", refused))
        self.probes.append(Probe(token, "GET", "/workspaces", refused))

    def all_of(self, token: str, refused: frozenset[int]) -> None:
        self.reads(token, refused)
        self.writes(token, refused)
        self.own(token, refused)

    def api_token(self, *scopes: str) -> tuple[str, str]:
        return self.person.api_token(self.installation.ports[0], *scopes)


def logged_out(case: Case) -> None:
    case.all_of(case.person.first.access, ENDED)
    case.own(case.second.access, STAYS)
    case.refreshes = [case.person.first.refresh]
    case.act = lambda port: case.person.must(port, "POST", "/auth/logout")


def session_ended_from_another(case: Case) -> None:
    case.all_of(case.second.access, ENDED)
    case.own(case.person.first.access, STAYS)
    case.refreshes = [case.second.refresh]
    path = f"/auth/sessions/{case.second.id}"
    case.act = lambda port: case.person.must(port, "DELETE", path)


def account_deactivated(case: Case) -> None:
    case.all_of(case.person.first.access, ENDED)
    case.own(case.second.access, ENDED)
    case.all_of(case.api_token("read", "write")[1], ENDED)
    case.refreshes = [case.person.first.refresh, case.second.refresh]
    admin, path = case.installation.admin, f"/admin/users/{case.person.id}"
    case.act = lambda port: case.owner.must(port, "PATCH", path, {"is_active": False}, admin)


def account_erased(case: Case) -> None:
    case.all_of(case.person.first.access, ENDED)
    case.all_of(case.api_token("read", "write")[1], ENDED)
    case.refreshes = [case.person.first.refresh, case.second.refresh]
    body = {"password": PASSWORD}
    case.act = lambda port: case.person.must(port, "DELETE", "/users/me", body)


def password_changed(case: Case) -> None:
    case.all_of(case.second.access, ENDED)
    case.own(case.person.first.access, STAYS)
    case.refreshes = [case.second.refresh]
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    case.act = lambda port: case.person.must(port, "POST", "/auth/password/change", body)


def password_reset_by_mail(case: Case) -> None:
    case.all_of(case.person.first.access, ENDED)
    case.own(case.second.access, ENDED)
    case.refreshes = [case.person.first.refresh, case.second.refresh]
    copy = case.installation.cluster.copies[0]
    address = {"email": case.person.email}
    case.person.must(copy.port, "POST", "/auth/password/forgot", address)
    secret = mailed_link(copy.folder.parent, case.person.email)
    body = {"token": secret, "password": NEW_PASSWORD}
    case.act = lambda port: case.owner.must(port, "POST", "/auth/password/reset", body)


def password_reset_by_command(case: Case) -> None:
    case.all_of(case.person.first.access, ENDED)
    case.own(case.second.access, ENDED)
    case.refreshes = [case.person.first.refresh, case.second.refresh]

    def act(_: int) -> None:
        done = case.installation.command("users", "reset-password", case.person.email)
        assert done.returncode == 0, done.stderr

    case.act = act


def member_removed(case: Case) -> None:
    token = case.api_token("read", "write")[1]
    for one in (case.person.first.access, token):
        case.reads(one, HIDDEN)
        case.writes(one, HIDDEN)
        case.own(one, STAYS)
    path = f"{case.place}/members/{case.person.id}"
    case.act = lambda port: case.owner.must(port, "DELETE", path)


def workspace_removed(case: Case) -> None:
    for one in (case.person.first.access, case.owner.first.access):
        case.reads(one, HIDDEN)
        case.writes(one, HIDDEN)
    case.own(case.person.first.access, STAYS)
    case.act = lambda port: case.owner.must(port, "DELETE", case.place)


def role_lowered(case: Case) -> None:
    token = case.api_token("read", "write")[1]
    for one in (case.person.first.access, token):
        case.writes(one, LOWERED)
        case.reads(one, STAYS)
    path = f"{case.place}/members/{case.person.id}"
    case.act = lambda port: case.owner.must(port, "PATCH", path, {"role": "viewer"})


def api_token_revoked(case: Case) -> None:
    token_id, token = case.api_token("read", "write")
    case.all_of(token, ENDED)
    case.own(case.api_token("read")[1], STAYS)
    case.own(case.person.first.access, STAYS)
    path = f"/auth/tokens/{token_id}"
    case.act = lambda port: case.person.must(port, "DELETE", path)


def administrator_demoted(case: Case) -> None:
    [port, *_] = case.installation.ports
    admin, path = case.installation.admin, f"/admin/users/{case.person.id}"
    case.owner.must(port, "PATCH", path, {"role": "admin"}, admin)
    for one in (case.person.first.access, case.api_token("read", "admin")[1]):
        for page in ("users", "stats", "workspaces", "tasks", "audit"):
            case.probes.append(Probe(one, "GET", f"/admin/{page}", LOWERED))
        case.own(one, STAYS)
    case.act = lambda copy: case.owner.must(copy, "PATCH", path, {"role": "user"}, admin)


CASES = [
    logged_out,
    session_ended_from_another,
    account_deactivated,
    account_erased,
    password_changed,
    password_reset_by_mail,
    password_reset_by_command,
    member_removed,
    workspace_removed,
    role_lowered,
    api_token_revoked,
    administrator_demoted,
]


@pytest.mark.parametrize("way", CASES)
def test_revoked_at_one_copy_is_revoked_at_all(
    installation: Installation, run: Run, way: Callable[[Case], None]
) -> None:
    for number in range(run.pick(1, 25)):
        dice = run.dice(number)
        case = Case(installation, dice)
        way(case)
        ports = installation.ports
        with watching(case.probes, ports, dice) as watch:
            case.act(dice.choice(ports))
            answered = time.monotonic()
            for refresh in case.refreshes:
                port = dice.choice(ports)
                body = {"refresh_token": refresh}
                answer = case.owner.call(port, "POST", "/auth/refresh", body)
                assert answer.status == 401, (refresh, answer)
            watch.await_all(answered)
        wrong = watch.wrong(answered)
        assert not wrong, f"round {number}: {len(wrong)} of {len(watch.seen)}\n" + "\n".join(
            wrong[:20]
        )
