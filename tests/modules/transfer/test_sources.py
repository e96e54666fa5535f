"""Files of every packing and shape, whole and damaged."""

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidework.transfer import sources
from tidework.transfer.json_records import records
from tidework.transfer.report import ImportReport
from tidework.transfer.sources import BadSource, CutOff, Limits, Source, find_files, stem
from tidework.transfer.text import BadRecord

OBJECTS: list[dict[str, Any]] = [{"key": f"A-{n}", "text": "é" * n} for n in range(50)]
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes, "xz": lzma.compress, "gz": gzip.compress, "bz2": bz2.compress,
}  # fmt: skip


def read(path: Path, report: ImportReport | None = None) -> list[Any]:
    return [record.value for record in records(Source(path), report or ImportReport())]


def as_lines(objects: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects).encode()


SHAPES: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "lines": as_lines,
    "lines with CRLF and blanks": lambda o: as_lines(o).replace(b"\n", b"\r\n \r\n"),
    "lines without an end": lambda o: as_lines(o).rstrip(),
    "lines after a mark": lambda o: b"\xef\xbb\xbf" + as_lines(o),
    "array": lambda o: json.dumps(o).encode(),
    "array after a mark": lambda o: b"\xef\xbb\xbf" + json.dumps(o).encode(),
    "spread array": lambda o: b"\n\n" + json.dumps(o, indent=2).encode(),
    "answer": lambda o: json.dumps({"total": 50, "issues": o}).encode(),
    "spread answer": lambda o: json.dumps({"total": 50, "issues": o}, indent=1).encode(),
    "answers a line": lambda o: b"\n".join(json.dumps({"issues": [one]}).encode() for one in o),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_in_every_packing(tmp_path: Path, shape: str, packing: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(PACKINGS[packing](SHAPES[shape](OBJECTS)))
    assert read(path) == OBJECTS


@pytest.mark.parametrize("packing", ["xz", "gz", "bz2"])
def test_what_is_cut_off_is_told_with_its_line(tmp_path: Path, packing: str) -> None:
    objects = [{"key": f"A-{n}", "noise": format(n**40, "x")} for n in range(5000)]
    whole = PACKINGS[packing](as_lines(objects))
    path = tmp_path / "file"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(
        CutOff, match=r"file is cut off after line \d+\. Nothing was imported; fetch"
    ):
        read(path)


@pytest.mark.parametrize("packing", ["xz", "gz", "bz2"])
@pytest.mark.parametrize("shape", ["lines", "array", "spread array"])
def test_nothing_before_the_cut_is_lost(tmp_path: Path, shape: str, packing: str) -> None:
    objects = [{"key": f"A-{n}", "noise": format(n**40, "x")} for n in range(2000)]
    content = SHAPES[shape](objects)
    path = tmp_path / "file"
    # Smaller blocks than usual, so that some of them are whole.
    whole = bz2.compress(content, 1) if packing == "bz2" else PACKINGS[packing](content)
    path.write_bytes(whole[: len(whole) * 3 // 4])
    found: list[Any] = []
    with pytest.raises(CutOff):
        found += (record.value for record in records(Source(path), ImportReport()))
    assert found == objects[: len(found)]
    readable = unpacked(packing, path.read_bytes())
    assert len(found) >= readable.count(b"noise") - 1 > 800


def unpacked(packing: str, data: bytes) -> bytes:
    """What another decoder can read of it."""
    if packing == "gz":
        return zlib.decompressobj(wbits=31).decompress(data)
    return (lzma.LZMADecompressor() if packing == "xz" else bz2.BZ2Decompressor()).decompress(data)


@pytest.mark.parametrize("packing", ["xz", "gz", "bz2"])
def test_what_is_damaged_is_told(tmp_path: Path, packing: str) -> None:
    objects = [{"key": f"A-{n}", "noise": format(n**40, "x")} for n in range(5000)]
    whole = bytearray(PACKINGS[packing](as_lines(objects)))
    whole[len(whole) // 2 : len(whole) // 2 + 50] = b"\0" * 50
    path = tmp_path / "file"
    path.write_bytes(bytes(whole))
    with pytest.raises(
        CutOff, match=r"file is damaged after line \d+\. Nothing was imported; fetch"
    ):
        read(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'[{"a": 1}, {"b": ', "it is not JSON"),
        (b'[{"a": 1}, nonsense]', "it is not JSON"),
        (b'[{"a": 1}', "it is not JSON"),
        (b'[{"a": 1}, ' + b"[" * 200_000, "it is nested too deeply"),
    ],
)
def test_a_broken_array_gives_what_comes_before(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    good, bad = read(path)
    assert good == {"a": 1}
    assert isinstance(bad, BadRecord)
    assert problem in str(bad)


def test_a_broken_line_between_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for broken in (0, 1, 2):
        lines = [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}', b'{"n": 3}']
        lines[broken] = b'{"n": '
        path.write_bytes(b"\n".join(lines))
        found = list(records(Source(path), ImportReport()))
        assert [isinstance(r.value, BadRecord) for r in found] == [n == broken for n in range(4)]
        assert found[broken].place == f"file, line {broken + 1}"


def test_other_encodings_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(
        b'{"t": "caf\xe9 \x96"}\n{"t": "\x81"}\n{"t": "\\ud83d\\ude00 \\ud83d \\u0000"}\n'
        b'{"t": "\xef\xbf\xbd"}\n'
    )
    report = ImportReport()
    found = read(path, report)
    assert [value["t"] for value in found] == ["café \u2013", "\x81", "😀 \ufffd \ufffd", "\ufffd"]
    assert report.findings["not_utf8"].examples == ["file, line 1", "file, line 2"]
    assert report.findings["replaced_characters"].examples == ["file, line 3"]


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no such file; check the name"):
        find_files([tmp_path / "none"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadSource, match="there is no JSON or CSV file in this folder"):
        find_files([tmp_path / "folder"])
    (tmp_path / "empty").write_bytes(b"\n\n")
    with pytest.raises(BadSource, match="empty is empty"):
        read(tmp_path / "empty")
    (tmp_path / "wide").write_bytes("{}".encode("utf-16"))
    with pytest.raises(BadSource, match="wide is UTF-16; save it as UTF-8"):
        read(tmp_path / "wide")


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"a": 1}\n{"a": "' + b"x" * 2000)
    with pytest.raises(BadSource, match="line 2: longer than"):
        list(records(Source(path, limits=Limits(line=1000)), ImportReport()))


@pytest.mark.parametrize("packing", list(PACKINGS))
def test_what_unpacks_to_too_much_is_refused(packing: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(PACKINGS[packing](b'{"a": 1}\n' * 1_000_000))
    source = Source(path, limits=Limits(unpacked=1 << 20))
    with pytest.raises(BadSource, match="more than 1 MiB when it is unpacked"):
        list(source.lines())
    with pytest.raises(BadSource, match="more than 1 MiB when it is unpacked"):
        list(source.chunks())


def test_a_file_that_takes_gigabytes_to_unpack_is_refused(tmp_path: Path) -> None:
    greedy = {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}
    path = tmp_path / "greedy.xz"
    # The size of the dictionary is the block header's, whatever the content: nothing is allocated.
    packed = bytearray(lzma.compress(b"{}", filters=[greedy | {"dict_size": 1 << 20}]))
    place = packed.index(bytes([0x21, 0x01])) + 2
    packed[place] = 38
    packed[20:24] = zlib.crc32(bytes(packed[12:20])).to_bytes(4, "little")
    path.write_bytes(packed)
    with pytest.raises(BadSource, match="128 MiB of memory to unpack"):
        read(path)


def test_an_element_of_an_array_has_a_longest(tmp_path: Path) -> None:
    path = tmp_path / "array"
    path.write_bytes(b'[{"a": "' + b"x" * 5_000_000 + b'"}]')
    with pytest.raises(BadSource, match="an element of the array is longer than 1 MiB"):
        list(records(Source(path, limits=Limits(line=1 << 20)), ImportReport()))


def test_streams_of_xz_that_are_put_together_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "parts.xz"
    path.write_bytes(lzma.compress(b"{}\n") + b"\0" * 8 + lzma.compress(b"[]\n"))
    assert [line.data for line in Source(path).lines()] == [b"{}", b"[]"]


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.json", "a.ndjson.xz", "sub/c.jsonl", ".hidden.json", "notes.md", "d.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path])]
    assert found == ["a.ndjson.xz", "b.json", "d.csv", "sub/c.jsonl"]
    assert stem(Path("x/issues.csv.xz")) == stem(Path("issues.CSV")) == "issues"


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(lzma.compress(as_lines(OBJECTS * 100)))
    steps: list[int] = []
    for _ in records(Source(path, steps.append), ImportReport()):
        pass
    assert sum(steps) == path.stat().st_size


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=8), st.data())
def test_an_array_in_pieces_of_any_size(
    tmp_path: Path, objects: list[dict[str, Any]], data: st.DataObject
) -> None:
    text = json.dumps(objects, ensure_ascii=data.draw(st.booleans()), indent=data.draw(
        st.sampled_from([None, 1])))  # fmt: skip
    path = tmp_path / "file"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    size = data.draw(st.integers(1, 20))
    before = sources._READ
    sources._READ = size
    try:
        found = read(path)
    finally:
        sources._READ = before
    kept = json.loads(text.replace("\\u0000", "\\ufffd").replace("\0", "\ufffd"))
    assert found == kept
