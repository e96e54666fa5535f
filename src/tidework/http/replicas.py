"""What `/health/ready` says of the database's replicas."""

from collections.abc import Sequence
from typing import Final, Protocol

from tidework.http.health import Check, CheckResult

_LATE_S: Final = 10.0


class Replica(Protocol):
    """What is known of a replica; `store.sql.replica` has the real one."""

    name: str
    usable: bool
    problem: str
    lag: float | None


def replicas_check(replicas: Sequence[Replica]) -> Check:
    """A check of the replicas, without which the primary answers everything itself."""

    async def check() -> CheckResult:
        well = all(one.usable and (one.lag or 0.0) < _LATE_S for one in replicas)
        told = " ".join(f"{one.name}: {_state(one)}" for one in replicas)
        if well:
            return CheckResult("ok", told)
        return CheckResult(
            "degraded", f"{told} Nothing is lost; the others and the primary answer."
        )

    return check


def _state(replica: Replica) -> str:
    if not replica.usable:
        return f"not asked. {replica.problem.rstrip('.')}."
    if replica.lag is None:
        return "asked."
    return f"asked, {replica.lag:.1f} s behind."
