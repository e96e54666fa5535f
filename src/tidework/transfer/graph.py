"""Directed edges, and whether one more would close a circle."""


class Graph:
    """Edges between ids."""

    def __init__(self) -> None:
        self._after: dict[str, set[str]] = {}

    def add(self, one: str, other: str) -> None:
        """Add an edge from one to the other."""
        self._after.setdefault(one, set()).add(other)

    def remove(self, one: str, other: str) -> None:
        """Remove an edge, if it is there."""
        self._after.get(one, set()).discard(other)

    def reaches(self, start: str, goal: str) -> bool:
        """Whether a path leads from `start` to `goal`; costs at most one visit to each edge."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current == goal:
                return True
            if current not in seen:
                seen.add(current)
                waiting += self._after.get(current, ())
        return False
