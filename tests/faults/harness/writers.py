"""Clients that write without a pause, each what nobody else writes, and note what they are told."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.faults.harness.caller import Answer, Caller, Told
from tests.faults.harness.record import Attempt, Record

_PAUSE = 0.05
_READ_BACK = 0.3
_GIVES_UP = 0.3


class Writer:
    """Creates, changes and deletes tasks; repeats what failed with its key, as a good client does.

    After some of its writes it asks another copy for them at once.
    """

    def __init__(
        self, name: str, caller: Caller, streams: Sequence[str], record: Record, dice: Random
    ) -> None:
        self._name = name
        self._caller = caller
        self._streams = streams
        self._record = record
        self._dice = dice
        self._mine: list[tuple[str, str]] = []
        self._count = 0

    def __call__(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._count += 1
            stream = self._dice.choice(self._streams)
            kind = self._dice.choices(
                ("create", "update", "batch", "delete"), weights=(50, 30, 10, 10)
            )[0]
            if kind == "create":
                self._create(stream, stop)
            elif kind == "batch":
                self._batch(stream, stop)
            elif self._mine:
                self._change(kind, stop)
        self._caller.close()

    def _create(self, stream: str, stop: threading.Event) -> None:
        word = f"{self._name}.{self._count}"
        attempt = Attempt(stream, "create", [word])
        answer = self._insist(attempt, f"/workspaces/{stream}/tasks", {"title": word}, stop)
        if answer.told is Told.DONE:
            self._mine.append((stream, answer.body["id"]))
            self._read_back(stream, answer.body["id"], attempt.seq)

    def _batch(self, stream: str, stop: threading.Event) -> None:
        words = [f"{self._name}.{self._count}.{part}" for part in range(3)]
        attempt = Attempt(stream, "batch", words)
        body = {"operations": [{"op": "create", "data": {"title": word}} for word in words]}
        self._insist(attempt, f"/workspaces/{stream}/tasks/batch", body, stop)

    def _insist(self, attempt: Attempt, path: str, body: object, stop: threading.Event) -> Answer:
        """A POST, repeated with its key until its outcome is known, or given up after a refusal."""
        headers = {"idempotency-key": attempt.words[0]}
        unsure = False
        while True:
            answer = self._caller.call("POST", path, body, headers)
            self._look_at(answer)
            attempt.met.append(f"{answer.status} {answer.why} at {answer.port}")
            unsure = unsure or answer.told is Told.UNKNOWN
            if answer.told is Told.DONE:
                break
            # A key whose first request may still be under way: what became of that is open.
            unsure = unsure or answer.code == "idempotency_running"
            if stop.is_set() or (not unsure and self._dice.random() < _GIVES_UP):
                break
            stop.wait(_PAUSE)
            self._caller.go_elsewhere()
        self._keep(attempt, answer, unsure=unsure)
        return answer

    def _change(self, kind: str, stop: threading.Event) -> None:
        place = self._dice.randrange(len(self._mine))
        stream, task = self._mine[place]
        word = f"{self._name}.{self._count}"
        path = f"/workspaces/{stream}/tasks/{task}"
        attempt = Attempt(stream, kind, [word if kind == "update" else task], task)
        if kind == "update":
            answer = self._caller.call("PATCH", path, {"description": word})
        else:
            # Whatever became of it, it is not touched again.
            del self._mine[place]
            answer = self._caller.call("DELETE", path)
        self._look_at(answer)
        self._keep(attempt, answer, unsure=answer.told is Told.UNKNOWN)
        if answer.told is not Told.DONE:
            self._caller.go_elsewhere()
            stop.wait(_PAUSE)
        elif kind == "update":
            self._read_back(stream, task, attempt.seq)

    def _keep(self, attempt: Attempt, answer: Answer, *, unsure: bool) -> None:
        told = Told.UNKNOWN if unsure and answer.told is not Told.DONE else answer.told
        kept = {"told": told, "seq": answer.seq, "status": answer.status, "why": answer.why}
        for name, value in kept.items():
            setattr(attempt, name, value)
        self._record.add(attempt)
        if told is Told.DONE and answer.seq is None:
            self._record.accuse(f"no Tidework-Seq in the answer to {attempt}")

    def _look_at(self, answer: Answer) -> None:
        if answer.told is not Told.DONE:
            self._record.note(f"{answer.status} {answer.why}".strip().split("(")[0])
        allowed = answer.status in (0, 502, 503, 504) or answer.code == "idempotency_running"
        if answer.told is not Told.DONE and not allowed:
            self._record.accuse(f"{self._name} was told {answer.status} {answer.body}")

    def _read_back(self, stream: str, task: str, seq: int | None) -> None:
        if self._dice.random() > _READ_BACK or seq is None:
            return
        self._caller.go_elsewhere()
        answer = self._caller.call("GET", f"/workspaces/{stream}/tasks/{task}")
        if self._record.forgives_reads:
            return
        if answer.told is Told.DONE and answer.body["version"] < seq:
            self._record.accuse(f"{task} was read at {answer.body['version']} after {seq}")
        elif answer.status in (401, 403, 404, 500):
            self._record.accuse(f"{task}, written at {seq}, was answered {answer.status}")


class Contender:
    """Changes what others change as well, with `If-Match`; of several at one version one may win."""

    def __init__(
        self, name: str, caller: Caller, tasks: Sequence[tuple[str, str]], record: Record,
        dice: Random,
    ) -> None:  # fmt: skip
        self._name = name
        self._caller = caller
        self._tasks = tasks
        self._record = record
        self._dice = dice
        self._count = 0

    def __call__(self, stop: threading.Event) -> None:
        while not stop.is_set():
            stream, task = self._dice.choice(self._tasks)
            path = f"/workspaces/{stream}/tasks/{task}"
            found = self._caller.call("GET", path)
            if found.told is not Told.DONE:
                self._record.note(f"GET {found.status} {found.why}".split("(")[0])
                self._caller.go_elsewhere()
                stop.wait(_PAUSE)
                continue
            self._count += 1
            word = f"{self._name}.{self._count}"
            attempt = Attempt(stream, "update", [word], task, found.body["version"])
            if self._dice.random() < _READ_BACK:
                self._caller.go_elsewhere()
            self._record.add(self._settled(attempt, path, stop))
        self._caller.close()

    def _settled(self, attempt: Attempt, path: str, stop: threading.Event) -> Attempt:
        """Try until it has won or lost; after an unknown outcome only a look decides."""
        headers = {"if-match": f'"{attempt.based}"'}
        unsure = False
        while True:
            answer = self._caller.call("PATCH", path, {"description": attempt.words[0]}, headers)
            if answer.told is Told.DONE:
                version = answer.body["version"]
                if version != answer.seq:
                    self._record.accuse(f"{attempt} became {version}, says {answer.seq}")
                return replace(attempt, told=Told.DONE, seq=version, status=answer.status)
            lost = answer.status == 412
            if lost and not unsure:
                return replace(attempt, told=Told.REFUSED, status=412)
            if not lost:
                self._record.note(f"{answer.status} {answer.why}".split("(")[0])
                if answer.status not in (0, 502, 503, 504):
                    self._record.accuse(f"{self._name} was told {answer.status} {answer.body}")
            unsure = unsure or answer.told is Told.UNKNOWN
            if lost:
                # At another version: so it is decided who won, and perhaps it was this one.
                seen = self._look(attempt)
                if seen is not None:
                    return seen
            if stop.is_set():
                told = Told.UNKNOWN if unsure else Told.REFUSED
                return replace(attempt, told=told, status=answer.status)
            stop.wait(_PAUSE)
            self._caller.go_elsewhere()

    def _look(self, attempt: Attempt) -> Attempt | None:
        """What the log says of it; None when it cannot be read now."""
        since, limit = attempt.based or 0, 1000
        while True:
            page = self._caller.call(
                "GET", f"/workspaces/{attempt.stream}/changes?since={since}&limit={limit}"
            )
            if page.told is not Told.DONE:
                return None
            for change in page.body["changes"]:
                if change["set"] and change["set"].get("description") == attempt.words[0]:
                    self._record.note("an unknown outcome that was a win")
                    return replace(attempt, told=Told.DONE, seq=change["seq"])
            if not page.body["more"]:
                self._record.note("an unknown outcome that was a loss")
                return replace(attempt, told=Told.REFUSED, status=412)
            since = page.body["seq"]
