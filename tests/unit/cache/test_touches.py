"""What is known of the commits between two seqs, from one's own and from the log."""

from tidework.http.touches import Touches
from tidework.log import Committed, LoggedChange


def change(seq: int, entity_id: str, ordinal: int = 0) -> LoggedChange:
    return LoggedChange(
        stream_id="w", seq=seq, ordinal=ordinal, actor_id=None, at="", request_id=None,
        entity="task", id=entity_id, op="update", set={}, was={},
    )  # fmt: skip


class Log:
    """A stream that grows, whoever writes to it."""

    def __init__(self) -> None:
        self.changes: list[LoggedChange] = []
        self.asked = 0

    def write(self, entity_id: str, *more: str) -> Committed:
        seq = self.changes[-1].seq + 1 if self.changes else 1
        made = [change(seq, one, n) for n, one in enumerate((entity_id, *more))]
        self.changes += made
        return Committed("w", seq, made)

    async def log(self, stream_id: str, *, since: int = 0, limit: int = 1000) -> list[LoggedChange]:
        self.asked += 1
        return [one for one in self.changes if one.seq > since][:limit]


async def test_commits_of_ones_own_need_no_look_into_the_log() -> None:
    log, touches = Log(), Touches()
    for name in ("a", "b", "a"):
        touches.committed(log.write(name))
    assert await touches.untouched(log, "w", "b", 2, 3)
    assert not await touches.untouched(log, "w", "a", 2, 3)
    assert not await touches.untouched(log, "w", "b", 1, 3)
    assert await touches.untouched(log, "w", "c", 0, 3)
    assert log.asked == 0


async def test_what_others_have_written_is_read_from_the_log() -> None:
    log, touches = Log(), Touches()
    touches.committed(log.write("a"))
    log.write("b")
    # Its commit comes after one that is not known: the log has both.
    touches.committed(log.write("c", "d"))
    assert await touches.untouched(log, "w", "a", 1, 3)
    assert not await touches.untouched(log, "w", "b", 1, 3)
    assert not await touches.untouched(log, "w", "d", 1, 3)
    assert log.asked == 1
    assert await touches.untouched(log, "w", "b", 2, 3)


async def test_what_has_not_been_asked_about_is_not_taken_for_untouched() -> None:
    log, touches = Log(), Touches()
    log.write("a")
    log.write("b")
    touches.committed(log.write("c"))
    # From before the first that is known, nothing can be said.
    assert not await touches.untouched(log, "w", "x", 1, 3)
    assert await touches.untouched(log, "w", "x", 2, 3)


async def test_a_long_way_is_not_gone() -> None:
    log, touches = Log(), Touches()
    for _ in range(200):
        log.write("a")
    assert not await touches.untouched(log, "w", "b", 0, 200)
    assert log.asked == 1
    touches.committed(log.write("a"))
    assert await touches.untouched(log, "w", "b", 200, 201)
    assert not await touches.untouched(log, "w", "a", 200, 201)


async def test_it_does_not_grow_without_end() -> None:
    log, touches = Log(), Touches()
    for number in range(5000):
        touches.committed(log.write(f"task {number}"))
        span = touches._spans.get("w")
        assert span is not None
        assert len(span.seqs) <= 501
    assert await touches.untouched(log, "w", "task 4999", 5000, 5000)
    assert not await touches.untouched(log, "w", "task 4999", 4998, 5000)
