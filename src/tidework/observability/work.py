"""Metrics of what follows commits: relay, consumers and jobs."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tidework.bus.observer import WorkObserver

_DURATION = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)


class WorkMetrics(WorkObserver):
    """Keeps what a worker reports, in the registry of its process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._relayed = Counter(
            "tidework_relayed_events", "Events handed to the bus.", registry=registry
        )
        self._pending = Gauge(
            "tidework_relay_pending_streams",
            "Streams with commits that are not published yet, at the last look.",
            registry=registry,
        )
        self._consumed = Counter(
            "tidework_consumed_commits",
            "Commits that a consumer has taken in.",
            ("consumer",),
            registry=registry,
        )
        self._age = Gauge(
            "tidework_consumer_lag_seconds",
            "Age of the last commit that a consumer took in, when it did.",
            ("consumer",),
            registry=registry,
        )
        self._failures = Counter(
            "tidework_consumer_failures",
            "Commits that a consumer failed at: to be tried again, or put aside as dead.",
            ("consumer", "result"),
            registry=registry,
        )
        self._jobs = Histogram(
            "tidework_job_duration_seconds",
            "Time of an attempt at a job, by kind and outcome.",
            ("kind", "outcome"),
            buckets=_DURATION,
            registry=registry,
        )
        self._due = Gauge(
            "tidework_jobs_due", "Jobs that are due, by kind.", ("kind",), registry=registry
        )
        self._oldest = Gauge(
            "tidework_jobs_oldest_seconds",
            "For how long the oldest due job of a kind has been due.",
            ("kind",),
            registry=registry,
        )

    def relayed(self, events: int) -> None:
        """See `WorkObserver.relayed`."""
        self._relayed.inc(events)

    def relay_lag(self, streams: int) -> None:
        """See `WorkObserver.relay_lag`."""
        self._pending.set(streams)

    def consumed(self, consumer: str, commits: int, age_s: float) -> None:
        """See `WorkObserver.consumed`."""
        self._consumed.labels(consumer).inc(commits)
        self._age.labels(consumer).set(age_s)

    def consume_failed(self, consumer: str, *, dead: bool) -> None:
        """See `WorkObserver.consume_failed`."""
        self._failures.labels(consumer, "dead" if dead else "again").inc()

    def job(self, kind: str, outcome: str, seconds: float) -> None:
        """See `WorkObserver.job`."""
        self._jobs.labels(kind, outcome).observe(seconds)

    def jobs_waiting(self, kind: str, count: int, oldest_s: float) -> None:
        """See `WorkObserver.jobs_waiting`."""
        self._due.labels(kind).set(count)
        self._oldest.labels(kind).set(oldest_s)
