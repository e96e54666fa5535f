"""Texts in a PDF: in which font each of their letters is, and in which order they stand.

DejaVu Sans, which is part of the file, has Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic
and many signs. Chinese, Japanese and Korean are left to the reader's own fonts. What neither has
(the scripts of India, Thai, most emoji) is shown as an empty box.
"""

import importlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FONT: Final = "DejaVu"
_FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_JAPANESE, _KOREAN, _CHINESE = "HeiseiKakuGo-W5", "HYGothic-Medium", "STSong-Light"
_BOX: Final = "\u25a1"
_ELLIPSIS: Final = "…"
_FROM_RIGHT: Final = frozenset({"R", "AL"})
# Joiners and marks that say how to show what is before them: nothing is lost without them.
_UNSEEN: Final = frozenset("\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f")
_WIDE: Final = (
    (0x2E80, 0x303F, _CHINESE),
    (0x3040, 0x30FF, _JAPANESE),
    (0x3100, 0x312F, _CHINESE),
    (0x3130, 0x318F, _KOREAN),
    (0x31F0, 0x31FF, _JAPANESE),
    (0x3200, 0x9FFF, _CHINESE),
    (0xAC00, 0xD7A3, _KOREAN),
    (0xF900, 0xFAFF, _CHINESE),
    (0xFF01, 0xFFEE, _CHINESE),
)


class Letters:
    """Measures and prepares texts. Made once for each file, in the thread that writes it."""

    def __init__(self) -> None:
        self._metrics: Any = importlib.import_module("reportlab.pdfbase.pdfmetrics")
        if FONT not in self._metrics.getRegisteredFontNames():
            fonts = importlib.import_module("reportlab.pdfbase.ttfonts")
            cids = importlib.import_module("reportlab.pdfbase.cidfonts")
            for name in (_JAPANESE, _KOREAN, _CHINESE):
                self._metrics.registerFont(cids.UnicodeCIDFont(name))
            self._metrics.registerFont(fonts.TTFont(FONT, str(_FILE)))
        self._known = self._metrics.getFont(FONT).face.charToGlyph
        self._widths: dict[str, float] = {}

    def width(self, text: str, size: float) -> float:
        """How wide a text will be."""
        return sum(self._width(letter) for letter in text) * size

    def fitted(self, text: str, size: float, room: float) -> str:
        """As much of a text as there is room for, in one line, with an ellipsis for what is not."""
        line = self._line(text)
        left = room / size
        for place, letter in enumerate(line):
            left -= self._width(letter)
            if left < 0:
                return self._shortened(line[:place], size, room)
        return line

    def runs(self, line: str) -> Iterator[tuple[str, str]]:
        """A fitted line as it is drawn from left to right: fonts, and what is in them."""
        if line.isascii():
            if line:
                yield FONT, line
            return
        if any(unicodedata.bidirectional(letter) in _FROM_RIGHT for letter in line):
            line = _in_drawing_order(line)
        han = _JAPANESE if any("\u3040" <= letter <= "\u30ff" for letter in line) else _CHINESE
        font, run = "", ""
        for letter in line:
            wanted = FONT if ord(letter) in self._known else _font_of(ord(letter))
            if wanted == _CHINESE:
                wanted = han
            if wanted != font:
                if run:
                    yield font, run
                font, run = wanted, ""
            run += letter
        if run:
            yield font, run

    def _line(self, text: str) -> str:
        """A text as one line of letters that can be shown."""
        if text.isascii() and text.isprintable():
            return text
        line = " ".join(unicodedata.normalize("NFC", text).split())
        return "".join(self._shown(letter) for letter in line if letter not in _UNSEEN)

    def _shown(self, letter: str) -> str:
        if ord(letter) in self._known or _font_of(ord(letter)) != FONT:
            return letter
        return "" if unicodedata.category(letter)[0] in "CM" else _BOX

    def _width(self, letter: str) -> float:
        found = self._widths.get(letter)
        if found is None:
            font = FONT if ord(letter) in self._known else _font_of(ord(letter))
            found = self._widths[letter] = self._metrics.stringWidth(letter, font, 1)
        return found

    def _shortened(self, line: str, size: float, room: float) -> str:
        left = room / size - self._width(_ELLIPSIS)
        kept = 0
        for letter in line:
            left -= self._width(letter)
            if left < 0:
                break
            kept += 1
        return line[:kept].rstrip() + _ELLIPSIS


def _font_of(code: int) -> str:
    """The font of a letter that ours lacks; ours where none has it."""
    return next((font for first, last, font in _WIDE if first <= code <= last), FONT)


def _in_drawing_order(line: str) -> str:
    """Arabic letters joined, and what is written from right to left the other way round."""
    joined: str = importlib.import_module("arabic_reshaper").reshape(line)
    ordered: str = importlib.import_module("bidi").get_display(joined)
    return ordered
