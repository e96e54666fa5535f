"""Positions: text keys, bytewise ordered, with room between any two.

A key is a fraction written in base 62 (`0-9A-Za-z`, the order of ASCII) that never ends in `0`, so
that between two different keys there is always another one: moving a task changes one row.
"""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)
# New room is made ten digits deep and used in steps of seven: a hundred thousand insertions at the
# same end of a gap take no longer key, and a gap between two such steps can be halved 41 times.
_DEPTH = 10
_STEP = _BASE**7
LONGEST = 2600
"""The most characters that a key may have: PostgreSQL's indexes take no more (2704 bytes a row)."""


def position_of(number: int) -> str:
    """The position that a task gets at the end of its workspace: it follows all lower numbers."""
    digits = str(number)
    return f"{chr(96 + len(digits))}{digits}V"


def is_position(text: str) -> bool:
    """Whether `text` is a key that another one can be put beside, on both sides."""
    fits = 0 < len(text) <= LONGEST
    return fits and text[-1] != "0" and all(digit in _VALUE for digit in text)


def between(left: str | None, right: str | None) -> str:
    """A key after `left` and before `right`; None is the beginning or the end.

    Raises ValueError unless `left < right`. Longer than `LONGEST` only after more than ten thousand
    insertions that were each between the two newest keys.
    """
    if left is not None and right is not None and left >= right:
        raise ValueError(f"no position between {left!r} and {right!r}")
    low, high = left or "", right or ""
    shared = _shared(low, high)
    return low[:shared] + _between(low[shared:], None if right is None else right[shared:])


def _shared(left: str, right: str) -> int:
    """How many characters two keys begin with alike, by halving."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _between(left: str, right: str | None) -> str:
    length = max(len(left), len(right or ""), 1)
    low = _fraction(left, length)
    high = _BASE**length if right is None else _fraction(right, length)
    while high - low < 2:
        length += _DEPTH
        low *= _BASE**_DEPTH
        high *= _BASE**_DEPTH
    middle = (low + high) // 2
    # The longer neighbour is the one made last; people go on where they were.
    if len(left) > len(right or ""):
        middle = min(middle, low + _STEP)
    elif len(right or "") > len(left):
        middle = max(middle, high - _STEP)
    # A zero at the end would be dropped, and with it the room that was made for the next ones.
    if middle % _BASE == 0 and middle + 1 < high:
        middle += 1
    return _text(middle, length)


def _fraction(key: str, length: int) -> int:
    value = 0
    for digit in key:
        value = value * _BASE + _VALUE[digit]
    scale: int = _BASE ** (length - len(key))
    return value * scale


def _text(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, _BASE)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)).rstrip("0")
