"""The files of the web app: how long they are kept, how they are compressed, that no other is had."""

import gzip
import os
from pathlib import Path

import brotli
import pytest
from tests.modules.web.conftest import CODE, STYLE, Ask, asking, make_dist, new_app

from tidework.web import files

SCRIPT = "/assets/index-DnsNvibg.js"
FOREVER = "public, max-age=31536000, immutable"


async def test_assets_are_kept_for_ever_and_are_for_all(ask: Ask) -> None:
    for path in (SCRIPT, "/assets/Close_Button-au-0tFyd.js", "/assets/inter-Cx3_abcd.woff2"):
        headers = (await ask(path)).headers
        assert headers["cache-control"] == FOREVER
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert headers["x-content-type-options"] == "nosniff"
    # Nothing in the name says what is in it.
    assert (await ask("/assets/unhashed.js")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/sw.js", "/manifest.webmanifest", "/icon.svg", "/icons/icon-192.png", "/favicon.ico",
     "/robots.txt"],
)  # fmt: skip
async def test_what_keeps_its_name_is_asked_for_again(ask: Ask, path: str) -> None:
    reply = await ask(path)
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-cache"
    assert "access-control-allow-origin" not in reply.headers
    again = await ask(path, if_none_match=reply.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == reply.headers["etag"]
    assert again.headers["cache-control"] == "no-cache"
    assert "content-type" not in again.headers
    assert (await ask(path, if_none_match='"another"')).status == 200


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/assets/index-BDVRhrZ9.css", "text/css; charset=utf-8"),
        ("/assets/inter-Cx3_abcd.woff2", "font/woff2"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml"),
        ("/icons/icon-192.png", "image/png"),
        ("/favicon.ico", "image/x-icon"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_every_file_has_its_type(ask: Ask, path: str, media_type: str) -> None:
    assert (await ask(path)).headers["content-type"] == media_type


async def test_only_the_service_worker_may_have_the_whole_site(ask: Ask) -> None:
    assert (await ask("/sw.js")).headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in (await ask(SCRIPT)).headers


async def test_a_worker_may_fetch_and_a_picture_may_do_nothing(ask: Ask) -> None:
    # A worker is held to the policy of its own file; with the API's it could fetch nothing at all.
    for path in ("/sw.js", SCRIPT):
        policy = (await ask(path)).headers["content-security-policy"]
        assert "connect-src 'self'" in policy
        assert "script-src 'self'" in policy
    assert (
        (await ask("/icon.svg"))
        .headers["content-security-policy"]
        .startswith("default-src 'none'; frame-ancestors")
    )


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("br;q=0.3, gzip;q=0.8", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("identity;q=1, br;q=0.5", None),
        ("identity;q=0", None),
        ("zstd", None),
        ("", None),
        ("BR", "br"),
        ("br;q=seven", None),
        (";;;,,,=q", None),
        ("a" * 100_000, None),
    ],
)
async def test_the_smallest_that_the_caller_takes(
    ask: Ask, accepted: str, coding: str | None
) -> None:
    reply = await ask(SCRIPT, accept_encoding=accepted)
    assert reply.headers.get("content-encoding") == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    plain = {"br": brotli.decompress, "gzip": gzip.decompress}.get(coding or "", bytes)
    assert plain(reply.body) == CODE


async def test_what_is_small_goes_as_it_is(ask: Ask) -> None:
    reply = await ask("/assets/index-BDVRhrZ9.css", accept_encoding="br, gzip")
    assert reply.body == STYLE
    assert "content-encoding" not in reply.headers
    assert "vary" not in reply.headers


async def test_a_tag_stands_for_every_coding(ask: Ask) -> None:
    plain, coded = await ask(SCRIPT), await ask(SCRIPT, accept_encoding="br")
    assert plain.headers["etag"] == coded.headers["etag"]
    assert plain.headers["etag"].startswith('W/"')
    again = await ask(SCRIPT, accept_encoding="br", if_none_match=f'"x", {coded.headers["etag"]}')
    assert (again.status, again.body) == (304, b"")
    assert "content-encoding" not in again.headers
    assert again.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../app.py",
        "/assets/../index.html",
        "/../src/tidework/app.py",
        "/assets//etc/passwd",
        "//etc/passwd",
        "/assets/%2e%2e/app.py",
        "/assets/..%2fapp.py",
        "/assets\\index-DnsNvibg.js",
        "/assets/index-DnsNvibg.js\0",
        "/assets/index-DnsNvibg.js\0.png",
        "/assets/index-DnsNvibg.js.br",
        "/assets/index-DnsNvibg.js.gz",
        "/assets/INDEX-DnsNvibg.js",
        "/assets/",
        "/assets",
        "/sw.js/",
        "/./sw.js",
        "/.secret",
        "/.vite/manifest.json",
        "/outside.txt",
        "/assets/" + "a" * 5000 + ".js",
        "/assets/" + "../" * 600 + "etc/passwd",
    ],
)
async def test_no_path_leads_anywhere_else(dist: Path, path: str) -> None:
    (dist.parent / "app.py").write_text("secret")
    reply = await asking(new_app(dist))(path, accept="*/*")
    assert reply.headers == {"x-rest": "1"}
    assert reply.body == b""


async def test_what_stands_beside_the_app_has_no_address(dist: Path) -> None:
    outside = dist.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    found = files.read(dist)
    assert found is not None
    assert all(dist in file.path.parents for file in found.files.values())
    assert "/index.html" not in found.files


async def test_a_new_build_takes_the_old_one_s_place(dist: Path, tmp_path: Path) -> None:
    ask = asking(new_app(dist))
    first = await ask("/")
    tag = (await ask("/sw.js")).headers["etag"]
    assert (await ask(SCRIPT)).body == CODE
    make_dist(tmp_path / "new", code=b"export {};\n", body="new")
    (tmp_path / "new" / "sw.js").write_text("// new")
    os.rename(dist, tmp_path / "old")
    os.rename(tmp_path / "new", dist)
    second = await ask("/")
    assert b"new</body>" in second.body
    assert b"new</body>" not in first.body
    assert (await ask("/sw.js")).headers["etag"] != tag
    assert (await ask("/sw.js")).body == b"// new"
    assert (await ask(SCRIPT)).body == b"export {};\n"


async def test_a_file_that_is_gone_is_not_found(dist: Path) -> None:
    ask = asking(new_app(dist))
    await ask("/")
    before = files.stamp(dist)
    times = {folder: folder.stat().st_mtime_ns for folder in (dist / "assets", dist)}
    (dist / SCRIPT[1:]).unlink()
    for folder, at in times.items():
        os.utime(folder, ns=(at, at))
    # As if it went just after the app had looked.
    assert files.stamp(dist) == before
    assert (await ask(SCRIPT)).headers == {"x-rest": "1"}


async def test_only_so_much_is_kept_in_memory(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        (dist / "assets" / f"big{number}-AAAAAAAA.js").write_bytes(b"x" * 1_000_000)
    app = new_app(dist)
    ask = asking(app)
    for number in range(8):
        reply = await ask(f"/assets/big{number}-AAAAAAAA.js")
        assert len(reply.body) == 1_000_000
    assert app._kept.used <= 4 * 1024 * 1024
    reads: list[Path] = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: reads.append(path) or read_bytes(path))
    assert (await ask("/assets/big7-AAAAAAAA.js")).status == 200
    assert reads == []
