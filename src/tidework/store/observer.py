"""What a store reports about itself; the default reports to nobody."""


class Observer:
    """Receives measurements; `http.metrics` has the one that keeps them."""

    def query(self, name: str, seconds: float) -> None:
        """A query of this name took so long."""

    def group(self, size: int) -> None:
        """A group of this many commits goes out."""
