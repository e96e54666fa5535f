"""Health: whether the process lives, and whether it can serve, each dependency by name."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import msgspec

from tidework.errors import TideworkError
from tidework.http.logs import get_logger
from tidework.http.stopping import Stopping

Status = Literal["ok", "degraded", "failed"]

DEADLINE_S: Final = 1.0
_RANK: Final[dict[Status, int]] = {"ok": 0, "degraded": 1, "failed": 2}


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a check found. `detail` is for people who operate; nothing secret belongs into it."""

    status: Status
    detail: str = ""


class CheckReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """A check's result as it is shown, with the time it took."""

    status: Status
    seconds: float
    detail: str = ""


class HealthReport(msgspec.Struct, frozen=True):
    """The body of `/health/ready`: the worst status of all, and each check by name."""

    status: Status
    checks: dict[str, CheckReport]


Check = Callable[[], Awaitable[CheckResult]]

OK: Final = CheckResult("ok")

_log = get_logger(__name__)


class Health:
    """The checks of a process, by name.

    A check returns its result within `deadline` seconds; one that is later, or raises, has failed.
    A failed check whose `critical` is false makes the service degraded, not unable to serve. A
    process that is stopping is not ready.
    """

    def __init__(
        self,
        stopping: Stopping | None = None,
        deadline: float = DEADLINE_S,
        keep: float = DEADLINE_S,
    ) -> None:
        """Answers are kept for `keep` seconds, so that asking often costs nothing."""
        self._stopping = stopping or Stopping()
        self._deadline = deadline
        self._keep = keep
        self._checks: dict[str, tuple[Check, bool]] = {}
        self._running: asyncio.Task[HealthReport] | None = None
        self._last: tuple[float, HealthReport] | None = None
        self._watchers: list[Callable[[str, Status], None]] = []
        self._encoder = msgspec.json.Encoder()

    def register(self, name: str, check: Check, *, critical: bool = True) -> None:
        """Add a check under a name of its own; ValueError when the name is taken."""
        if name in self._checks:
            raise ValueError(f"There is a health check named {name!r} already.")
        self._checks[name] = (check, critical)

    def live(self) -> tuple[int, bytes]:
        """HTTP status and JSON body of `/health/live`: 200 as long as the process can answer."""
        return 200, b'{"status":"ok"}'

    async def ready(self) -> tuple[int, bytes]:
        """HTTP status and JSON body of `/health/ready`: 503 when the service cannot serve.

        All checks run at once; callers who ask meanwhile get the same answer.
        """
        report = await self.report()
        return (503 if report.status == "failed" else 200), self._encoder.encode(report)

    async def report(self) -> HealthReport:
        """What all checks say; never raises, and takes the deadline at most."""
        if self._stopping.begun:
            stopping = CheckReport("failed", 0.0, "The process is stopping.")
            return HealthReport("failed", {"process": stopping})
        if self._last is not None and time.monotonic() - self._last[0] < self._keep:
            return self._last[1]
        if self._running is None:
            self._running = asyncio.create_task(self._run_all())
            self._running.add_done_callback(self._finished)
        # A caller who leaves must not take the answer from the others.
        return await asyncio.shield(self._running)

    def _finished(self, task: asyncio.Task[HealthReport]) -> None:
        self._running = None
        if not task.cancelled() and task.exception() is None:
            self._last = (time.monotonic(), task.result())
            for watch in self._watchers:
                for name, check in task.result().checks.items():
                    watch(name, check.status)

    def watch(self, found: Callable[[str, Status], None]) -> None:
        """Tell `found` what each check says, whenever the checks have run."""
        self._watchers.append(found)

    async def _run_all(self) -> HealthReport:
        names = list(self._checks)
        reports = await asyncio.gather(*(self._run(name) for name in names))
        worst: Status = "ok"
        for name, report in zip(names, reports, strict=True):
            status = report.status
            if status == "failed" and not self._checks[name][1]:
                status = "degraded"
            if _RANK[status] > _RANK[worst]:
                worst = status
        return HealthReport(worst, dict(zip(names, reports, strict=True)))

    async def _run(self, name: str) -> CheckReport:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline):
                result = await self._checks[name][0]()
        except TimeoutError:
            result = CheckResult("failed", f"No sign of life within {self._deadline:g} s.")
        except TideworkError as error:
            result = CheckResult("failed", error.detail)
        except Exception as error:
            # The text of an unknown error may hold an address with a password.
            _log.error("health_check_raised", check=name, exc_info=error)
            result = CheckResult("failed", f"The check raised {type(error).__name__}; see the log.")
        return CheckReport(result.status, round(time.perf_counter() - started, 4), result.detail)


def health_app(health: Health) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An ASGI app for `/health/live` and `/health/ready`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].endswith("/live"):
            status, body = health.live()
        else:
            status, body = await health.ready()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
