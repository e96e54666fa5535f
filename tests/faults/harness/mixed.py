"""A client that does a little of everything and leaves as much as it has found: for long runs."""

import threading
from collections.abc import Callable
from random import Random

from tests.faults.harness.caller import Answer, Caller, Told
from tests.faults.harness.installation import PASSWORD
from tests.faults.harness.record import Record

_FEW, _MANY = 20, 40


class MixedClient:
    """One client of one workspace, with an account of its own."""

    def __init__(
        self, caller: Caller, email: str, workspace: str, record: Record, dice: Random
    ) -> None:
        self._caller = caller
        self._email = email
        self._place = f"/workspaces/{workspace}"
        self._record = record
        self._dice = dice
        self._tasks: list[str] = []
        self._tags: dict[str, str] = {}
        self._ways: list[tuple[int, Callable[[], None]]] = [
            (38, self._list),
            (20, self._get),
            (5, self._search),
            (5, self._stats),
            (4, self._changes),
            (10, self._patch),
            (12, self._create_or_delete),
            (3, self._wrong),
            (2, self._hang_up),
            (1, self._log_in_and_out),
        ]

    def __call__(self, stop: threading.Event) -> None:
        weights = [weight for weight, _ in self._ways]
        while not stop.is_set():
            [(_, way)] = self._dice.choices(self._ways, weights)
            way()
        self._caller.close()

    def _ask(self, method: str, path: str, body: object = None, *expected: int) -> Answer:
        tag = self._tags.get(path) if method == "GET" else None
        headers = {"if-none-match": tag} if tag else {}
        answer = self._caller.call(method, path, body, headers)
        if answer.status not in (expected or (200, 201, 204, 304)):
            self._record.accuse(f"{method} {path}: {answer.status} {answer.body} {answer.why}")
        if method == "GET" and "etag" in answer.headers and self._dice.random() < 0.5:
            self._tags = (
                {**self._tags, path: answer.headers["etag"]} if len(self._tags) < 50 else {}
            )
        self._record.note(f"{method} {answer.status}")
        return answer

    def _list(self) -> None:
        status = self._dice.choice(("", "&status=pending", "&priority=high", "&assignee=me"))
        sort = self._dice.choice(("number", "-created_at", "title"))
        self._ask("GET", f"{self._place}/tasks?limit=20&sort={sort}{status}")

    def _get(self) -> None:
        if self._tasks:
            self._ask("GET", f"{self._place}/tasks/{self._dice.choice(self._tasks)}")

    def _search(self) -> None:
        self._ask("GET", f"{self._place}/tasks?q={self._dice.choice(('boat', 'sail', 'mast'))}")

    def _stats(self) -> None:
        self._ask("GET", f"{self._place}/stats")

    def _changes(self) -> None:
        self._ask("GET", f"{self._place}/changes?limit=20&since={self._dice.randrange(20)}")

    def _patch(self) -> None:
        if self._tasks:
            body = {"description": f"{self._dice.random()} mast"}
            self._ask("PATCH", f"{self._place}/tasks/{self._dice.choice(self._tasks)}", body)

    def _create_or_delete(self) -> None:
        full = len(self._tasks) >= self._dice.randint(_FEW, _MANY)
        if full:
            self._ask("DELETE", f"{self._place}/tasks/{self._tasks.pop(0)}")
            return
        answer = self._ask("POST", f"{self._place}/tasks", {"title": "Mend the boat's sail"})
        if answer.told is Told.DONE:
            self._tasks.append(answer.body["id"])

    def _wrong(self) -> None:
        self._ask("GET", f"{self._place}/tasks?status=nonsense", None, 422)
        self._ask("GET", "/nowhere", None, 404)
        self._ask("POST", f"{self._place}/tasks", {"title": ""}, 422)

    def _hang_up(self) -> None:
        """Send a request, and go away before it is answered."""
        self._caller.leave("GET", f"{self._place}/stats?days={self._dice.choice((1, 7, 90))}")

    def _log_in_and_out(self) -> None:
        body = {"email": self._email, "password": PASSWORD}
        answer = self._ask("POST", "/auth/login", body)
        if answer.told is Told.DONE:
            mine, self._caller.token = self._caller.token, answer.body["access_token"]
            self._ask("POST", "/auth/logout")
            self._caller.token = mine
