"""What the relay, the consumers and the jobs report; the default reports to nobody."""


class WorkObserver:
    """Receives measurements. Every method returns at once and never raises."""

    def relayed(self, events: int) -> None:
        """So many events were handed to the bus."""

    def relay_lag(self, streams: int) -> None:
        """So many streams have commits that are not published yet, at the last look."""

    def consumed(self, consumer: str, commits: int, age_s: float) -> None:
        """A consumer has taken in commits; the last one was made so long ago."""

    def consume_failed(self, consumer: str, *, dead: bool) -> None:
        """A consumer failed at a commit; `dead` when it has been put aside for good."""

    def job(self, kind: str, outcome: str, seconds: float) -> None:
        """A job ended as `done`, `retry`, `later` or `failed` after so long."""

    def jobs_waiting(self, kind: str, count: int, oldest_s: float) -> None:
        """So many jobs of a kind are due, the oldest for so long, at the last look."""
