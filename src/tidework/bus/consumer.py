"""What takes commits in: the protocols of consumers."""

from collections.abc import Sequence
from typing import Protocol, cast

from tidework.bus.catalogue import LoggedCommit
from tidework.log import LoggedChange, Operation


class Consumer(Protocol):
    """Takes commits in. `name` is under which its places are kept."""

    name: str

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        """What a commit leads to: operational rows, jobs among them.

        Only reads. It may be called again for the same commit when its process dies or what it
        returned could not be written. When it raises, it is called a few times more; then the commit
        is put aside as dead and the next one comes. `Unavailable` is waited out.
        """
        ...


class PagedConsumer(Protocol):
    """A `Consumer` that takes many commits of one stream in at once, for less."""

    name: str

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `Consumer.handle`; of several commits in order, all at once or, when that raised, one
        by one.
        """
        ...


class Remaking(Protocol):
    """A consumer that cannot take in an old commit by itself: what follows depends on the order."""

    async def remake(self, stream_id: str) -> None:
        """Make everything of a stream what its log leads to, up to where the consumer is."""
        ...


AnyConsumer = Consumer | PagedConsumer
Page = Sequence[LoggedChange]
"""Whole commits of one stream, in order and without a gap; never empty where one is handed over."""


def is_paged(consumer: AnyConsumer) -> bool:
    """Whether it is a `PagedConsumer`."""
    return hasattr(consumer, "handle_page")


async def ask(consumer: AnyConsumer, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
    """What commits lead to, several only where the consumer is paged."""
    if is_paged(consumer):
        return await cast(PagedConsumer, consumer).handle_page(commits)
    return await cast(Consumer, consumer).handle(commits[0])
