import threading
import zlib

import brotli
import pytest
import zstandard

from tidework.http.compression import Encoding, choose, compress, is_compressible

DECODE = {
    "zstd": lambda b: zstandard.ZstdDecompressor().decompress(b),
    "br": brotli.decompress,
    "gzip": lambda b: zlib.decompress(b, 31),
}


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (b"", None),
        (b"identity", None),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"gzip, deflate, br", "br"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"GZIP", "gzip"),
        (b"gzip;q=1.0, br;q=0.5", "gzip"),
        (b"gzip ; q=0", None),
        (b"zstd;q=0, *", "br"),
        (b"*", "zstd"),
        (b"*;q=0", None),
        (b"gzip;q=0.5, identity;q=0.8", None),
        (b"gzip;q=0.5, identity;q=0.1", "gzip"),
        (b"deflate", None),
        (b"gzip;q=high", None),
        (b"gzip;q=nan", None),
        (b"gzip;q=7", None),
        (b";;;,,,=\xff\0", None),
    ],
)
def test_choose(header: bytes, encoding: str | None) -> None:
    assert choose(header) == encoding
    assert choose(header) == encoding


def test_choices_of_hostile_headers_are_forgotten() -> None:
    for i in range(5000):
        assert choose(b"gzip, x%d" % i) == "gzip"
    assert choose(b"gzip, " + b"x" * 100_000) == "gzip"


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
def test_what_is_compressed_comes_back_and_is_the_same_each_time(encoding: Encoding) -> None:
    body = b'{"title":"a task"},' * 500
    coded = compress(body, encoding)
    assert len(coded) < len(body) / 5
    assert DECODE[encoding](coded) == body
    assert compress(body, encoding) == coded


def test_compressing_in_many_threads_at_once() -> None:
    bodies = [bytes([65 + i]) * 40_000 + b"%d" % i for i in range(8)]
    wrong: list[int] = []

    def work(i: int) -> None:
        if any(DECODE["zstd"](compress(bodies[i], "zstd")) != bodies[i] for _ in range(50)):
            wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("content_type", "size", "expected"),
    [
        (b"application/json", 1024, True),
        (b"application/json", 1023, False),
        (b"application/json; charset=utf-8", 5000, True),
        (b"application/problem+json", 5000, True),
        (b"text/html; charset=utf-8", 5000, True),
        (b"TEXT/CSS", 5000, True),
        (b"text/event-stream", 5000, False),
        (b"image/png", 5000, False),
        (b"application/zip", 5000, False),
        (b"", 5000, False),
    ],
)
def test_is_compressible(content_type: bytes, size: int, expected: bool) -> None:
    assert is_compressible(content_type, size) is expected
