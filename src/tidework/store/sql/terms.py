"""The words of a text, as full-text search keeps and looks for them."""

import unicodedata

_WORD = 500
# Half as long: a longer word covers a whole stretch of these, wherever it begins.
_STRETCH = _WORD // 2
_REMEMBERED = 20_000


class _Spaced(dict[int, int]):
    """What stands in the place of a character: itself in a word, else a space."""

    def __missing__(self, code: int) -> int:
        kept = code if unicodedata.category(chr(code))[0] in "LMN" else 32
        if len(self) < _REMEMBERED:
            self[code] = kept
        return kept


# Of both forms of the letter that ends a Greek word, the same word is made.
_SPACED = _Spaced({0x3C2: 0x3C3})


def spaced(text: str) -> str:
    """The words of a text, letters and digits in lower case, with spaces between them.

    Of a word of more than 500 characters the rest is left out: an index has no room for it.
    """
    # Turkish İ is two characters in lower case; databases make one of it.
    words = text.lower().replace("i\u0307", "i").translate(_SPACED)
    stretches = range(0, len(words), _STRETCH)
    if len(words) > _WORD and any(" " not in words[i : i + _STRETCH] for i in stretches):
        return " ".join([word[:_WORD] for word in words.split()])
    return words
