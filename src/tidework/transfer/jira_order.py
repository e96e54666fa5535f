"""The order in which issues are written: parents before their children."""

from collections.abc import Iterator

from tidework.transfer.spool import Spool

_PARENT = (
    "SELECT parent.ordinal FROM issues AS child JOIN issues AS parent ON parent.key = child.parent"
    " WHERE child.ordinal = ?"
)


def parents_first(spool: Spool, count: int) -> Iterator[tuple[int, bool]]:
    """The ordinals of all issues, in the order of the files except for that, and whether the issue
    must go without its parent because it would be its own ancestor.

    Memory: a byte an issue.
    """
    fresh, waiting, done = 0, 1, 2
    state = bytearray(count + 1)
    for ordinal in range(1, count + 1):
        stack = [ordinal] if state[ordinal] == fresh else []
        while stack:
            top = stack[-1]
            circle = False
            if state[top] == fresh:
                state[top] = waiting
                parent = spool.one(_PARENT, (top,))
                if parent is not None and state[parent] == fresh:
                    stack.append(parent)
                    continue
                circle = parent is not None and state[parent] == waiting
            state[top] = done
            stack.pop()
            yield top, circle
