"""Texts in a PDF: whatever people type, a file comes out, and what can be shown is shown."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tidework.reports.content import Cell, Column, Content, Table, one_page
from tidework.reports.letters import FONT, Letters
from tidework.reports.write_csv import CsvWriter
from tidework.reports.write_json import JsonWriter
from tidework.reports.write_pdf import PdfWriter
from tidework.reports.write_xlsx import XlsxWriter

BOX = "\u25a1"


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters()


def drawn(letters: Letters, text: str, room: float = 500) -> str:
    """A text as it stands on the page, from left to right."""
    return "".join(run for _, run in letters.runs(letters.fitted(text, 8, room)))


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Grüße aus Łódź",
        "Привет, мир",
        "Ελληνικά",
        "日本語のタスク",
        "中文",
        "한국어",
        "😀 → ✓",
    ],
)
def test_what_fonts_have_is_shown(letters: Letters, text: str) -> None:
    assert drawn(letters, text) == text


@pytest.mark.parametrize("text", ["हिन्दी", "ไทย", "🎉"])
def test_what_no_font_has_is_a_box(letters: Letters, text: str) -> None:
    assert set(drawn(letters, text)) == {BOX}


def test_texts_from_right_to_left_are_drawn_in_their_order(letters: Letters) -> None:
    assert drawn(letters, "שלום 12") == "12 םולש"
    # Joined Arabic letters have shapes of their own.
    assert drawn(letters, "سلام") != "سلام"[::-1]
    assert BOX not in drawn(letters, "سلام")


def test_what_is_too_long_ends_in_an_ellipsis(letters: Letters) -> None:
    line = letters.fitted("word " * 50, 8, 100)
    assert line.endswith("…")
    assert letters.width(line, 8) <= 100


@settings(max_examples=60)
@given(text=st.text(max_size=60), room=st.floats(1, 300))
def test_any_text_fits(text: str, room: float) -> None:
    letters = Letters()
    line = letters.fitted(text, 8, room)
    assert letters.width(line, 8) <= max(room, letters.width("…", 8)) + 0.01
    for font, run in letters.runs(line):
        assert run
        assert font


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.text(max_size=80), st.integers(-(2**53), 2**53)), max_size=60))
def test_any_rows_become_a_file_of_every_form(
    rows: Sequence[tuple[str, int]], tmp_path: Path
) -> None:
    table = Table("tasks", [Column("title"), Column("n", "number")], one_page(()))
    cells: list[list[Cell]] = [[text, number] for text, number in rows]
    content = Content("tasks", "Any", "2026-11-22T00:00:00.000000Z", ["about"], [table], len(rows))
    for make in (CsvWriter, JsonWriter, XlsxWriter, PdfWriter):
        path = tmp_path / "report"
        writer = make(path, content)
        writer.begin(table)
        writer.rows(cells)
        writer.close()
        content_bytes = path.read_bytes()
        assert content_bytes
        if make is PdfWriter:
            assert len(PdfReader(io.BytesIO(content_bytes)).pages) >= 1
        path.unlink()


def test_the_font_is_part_of_the_package() -> None:
    assert FONT == "DejaVu"
    folder = Path(__file__).parents[3] / "src" / "tidework" / "reports" / "fonts"
    assert {file.name for file in folder.iterdir()} >= {"DejaVuSans.ttf", "LICENSE"}
