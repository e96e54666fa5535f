import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tidework.errors import Unavailable
from tidework.http.health import (
    OK,
    Check,
    CheckResult,
    Health,
    Status,
    health_app,
)
from tidework.http.health_checks import (
    FULL_BELOW,
    ReplicaWatch,
    WriteWatch,
    disk_check,
    memory_check,
)
from tidework.http.stopping import Stopping


def returning(status: Status, detail: str = "") -> Check:
    async def check() -> CheckResult:
        return CheckResult(status, detail)

    return check


async def never() -> CheckResult:
    await asyncio.Event().wait()
    return OK


async def raising() -> CheckResult:
    raise ConnectionError("postgresql://tide:hunter2@db")


async def ready(health: Health) -> tuple[int, dict[str, Any]]:
    status, body = await health.ready()
    return status, json.loads(body)


async def test_without_checks_it_is_ready() -> None:
    assert await ready(Health()) == (200, {"status": "ok", "checks": {}})
    assert Health().live()[0] == 200


@pytest.mark.parametrize(
    ("statuses", "overall", "http"),
    [
        (["ok", "ok"], "ok", 200),
        (["ok", "degraded"], "degraded", 200),
        (["failed", "degraded"], "failed", 503),
    ],
)
async def test_the_worst_counts(statuses: list[Status], overall: str, http: int) -> None:
    health = Health()
    for i, status in enumerate(statuses):
        health.register(f"c{i}", returning(status, "why"))
    code, body = await ready(health)
    assert (code, body["status"]) == (http, overall)
    assert [check["status"] for check in body["checks"].values()] == statuses
    assert body["checks"]["c0"]["detail"] == "why"


async def test_what_is_not_critical_degrades() -> None:
    health = Health()
    health.register("mail", returning("failed"), critical=False)
    code, body = await ready(health)
    assert (code, body["status"]) == (200, "degraded")
    assert body["checks"]["mail"]["status"] == "failed"


async def test_checks_run_at_once() -> None:
    meeting = asyncio.Barrier(3)

    async def meet() -> CheckResult:
        await meeting.wait()
        return OK

    health = Health(deadline=30)
    for name in ("a", "b", "c"):
        health.register(name, meet)
    assert (await health.ready())[0] == 200


async def test_late_and_broken_checks_fail_and_tell_no_secret() -> None:
    health = Health(deadline=0.02)
    health.register("late", never)
    health.register("broken", raising)
    health.register("fine", returning("ok"))
    code, body = await ready(health)
    assert code == 503
    assert "0.02 s" in body["checks"]["late"]["detail"]
    assert body["checks"]["fine"]["status"] == "ok"
    assert "ConnectionError" in body["checks"]["broken"]["detail"]
    assert "hunter2" not in json.dumps(body)


async def test_many_who_ask_share_one_run() -> None:
    runs = 0

    async def counted() -> CheckResult:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0)
        return OK

    health = Health(keep=3600)
    health.register("db", counted)
    await asyncio.gather(*(health.ready() for _ in range(50)))
    await health.ready()
    assert runs == 1


async def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    going = asyncio.Event()

    async def waiting() -> CheckResult:
        await going.wait()
        return OK

    health = Health(deadline=10)
    health.register("db", waiting)
    first = asyncio.create_task(health.ready())
    second = asyncio.create_task(health.ready())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    going.set()
    assert (await second)[0] == 200


async def test_answers_are_asked_again_when_they_are_old() -> None:
    now: Status = "ok"

    async def changing() -> CheckResult:
        return CheckResult(now)

    health = Health(keep=0)
    health.register("db", changing)
    assert (await health.ready())[0] == 200
    now = "failed"
    assert (await health.ready())[0] == 503


async def test_a_stopping_process_is_not_ready_and_lives() -> None:
    stopping = Stopping()
    health = Health(stopping)
    assert (await health.ready())[0] == 200
    stopping.begin()
    assert (await health.ready())[0] == 503
    assert health.live()[0] == 200


async def test_an_error_of_ours_says_itself_what_is_wrong() -> None:
    async def away() -> CheckResult:
        raise Unavailable("The database is away; try again in a moment.", reason="hunter2")

    health = Health()
    health.register("database", away)
    code, body = await ready(health)
    assert code == 503
    assert body["checks"]["database"]["detail"] == "The database is away; try again in a moment."
    assert "hunter2" not in json.dumps(body)


async def test_whoever_watches_is_told_once_a_run() -> None:
    seen: list[tuple[str, str]] = []
    health = Health(keep=3600)
    health.register("db", returning("ok"))
    health.register("mail", returning("failed"), critical=False)
    health.watch(lambda name, status: seen.append((name, status)))
    await asyncio.gather(health.ready(), health.ready())
    await health.ready()
    assert seen == [("db", "ok"), ("mail", "failed")]


async def test_disk(tmp_path: Path) -> None:
    assert (await disk_check(tmp_path, degraded_below=0, failed_below=0)()).status == "ok"
    low = await disk_check(tmp_path, degraded_below=1 << 60)()
    assert low.status == "degraded"
    assert f"below {FULL_BELOW >> 20} MiB it will not" in low.detail
    full = await disk_check(tmp_path, failed_below=1 << 60)()
    assert full.status == "failed"
    assert "Changes are refused (503 storage_full), reading goes on." in full.detail
    assert "Free some space there" in full.detail
    gone = await disk_check(tmp_path / "gone")()
    assert gone.status == "failed"
    assert "cannot be read: No such file" in gone.detail


async def test_a_change_that_had_no_room_is_remembered_for_a_while() -> None:
    now = 0.0
    watch = WriteWatch(30, clock=lambda: now)
    assert (await watch.check()).status == "ok"
    watch.refused(Unavailable("Busy.", code="busy"))
    assert (await watch.check()).status == "ok"
    watch.refused(Unavailable("The disk is full; nothing was changed.", code="storage_full"))
    failed = await watch.check()
    assert failed.status == "failed"
    assert "The disk is full" in failed.detail
    now = 31.0
    assert (await watch.check()).status == "ok"
    watch.refused(Unavailable("The disk is full.", code="storage_full"))
    watch.written()
    assert (await watch.check()).status == "ok"


async def test_replicas_by_name() -> None:
    watch = ReplicaWatch(["db2:5432", "db3:5432"])
    assert (await watch.check()).status == "failed"
    watch.replica("db2:5432", 0.25, "used")
    some = await watch.check()
    assert some.status == "degraded"
    assert "db3:5432" in some.detail
    assert "db2" not in some.detail
    watch.replica("db3:5432", 1.5, "used")
    assert await watch.check() == CheckResult("ok", "2 in use, 1.5 s behind at most.")
    watch.replica("db2:5432", None, "away")
    assert (await watch.check()).status == "degraded"
    assert "db2:5432 (away)" in (await watch.check()).detail
    watch.replica("db2:5432", 0.0, "behind")
    assert "db2:5432 (too far behind" in (await watch.check()).detail


async def test_the_primary_is_no_replica_that_is_missing() -> None:
    watch = ReplicaWatch(["db1:5432", "db2:5432"])
    watch.replica("db1:5432", None, "primary")
    watch.replica("db2:5432", 0.5, "used")
    told = "1 in use, 0.5 s behind at most. db1:5432 is the primary."
    assert await watch.check() == CheckResult("ok", told)
    watch.replica("db2:5432", None, "away")
    assert (await watch.check()).status == "failed"
    watch.replica("db2:5432", None, "promoted")
    assert "db2:5432 (it takes writes, and is not the primary)" in (await watch.check()).detail


async def test_without_any_replica_but_the_primary() -> None:
    watch = ReplicaWatch(["db1:5432"])
    watch.replica("db1:5432", None, "primary")
    found = await watch.check()
    assert found.status == "degraded"
    assert "TIDEWORK_DATABASE_REPLICA_URLS" in found.detail


async def test_memory() -> None:
    assert (await memory_check(degraded_below=0, failed_below=0)()).status == "ok"
    assert (await memory_check(degraded_below=1 << 60)()).status == "degraded"
    failed = await memory_check(failed_below=1 << 60)()
    assert failed.status == "failed"
    assert "TIDEWORK_CACHE_BYTES" in failed.detail


def test_names_are_taken_once() -> None:
    health = Health()
    health.register("db", returning("ok"))
    with pytest.raises(ValueError, match="db"):
        health.register("db", returning("ok"))


async def test_through_asgi() -> None:
    health = Health()
    health.register("db", returning("failed"))
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await health_app(health)({"path": "/health/live"}, None, send)
    await health_app(health)({"path": "/health/ready"}, None, send)
    assert [message["status"] for message in sent[::2]] == [200, 503]
    assert dict(sent[2]["headers"])[b"cache-control"] == b"no-store"
