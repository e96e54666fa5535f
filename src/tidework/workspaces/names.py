"""Names that people give to things."""

import unicodedata

from tidework.errors import invalid
from tidework.users.api import is_visible, name_key

__all__ = ["MAX_NAME", "clean_name", "name_key"]

MAX_NAME = 100


def clean_name(name: str, pointer: str = "/name", longest: int = MAX_NAME) -> str:
    """`name` without the space around it. Raises `Invalid` when nothing of it can be seen, or it is
    too long.
    """
    text = name.strip()
    if not text or len(text) > longest:
        raise invalid(
            pointer, "length", f"{pointer} must have 1 to {longest} characters, not {len(text)}."
        )
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise invalid(pointer, "control_character", f"{pointer} must not have control characters.")
    if not is_visible(text):
        raise invalid(pointer, "length", f"{pointer} must have a character that can be seen.")
    return text
