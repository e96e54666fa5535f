"""The page of the web app: who gets it, what it may do, and what comes instead."""

import re
from pathlib import Path

import pytest
from tests.modules.web.conftest import Ask, Reply, asking, make_dist, new_app

from tidework.errors import MethodNotAllowed
from tidework.settings import InvalidSettings, load


def policy_of(reply: Reply) -> dict[str, list[str]]:
    """The directives of an answer's content security policy."""
    parts = reply.headers["content-security-policy"].split(";")
    return {words[0]: words[1:] for words in (part.split() for part in parts)}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/my-tasks",
        "/workspaces/0192/board",
        "/login/",
        "//elsewhere.example/path",
        "/a b/ü/😀",
        "/v1.2/notes",
        "/invite/" + "x" * 1500,
        "/assetsx",
        "/apis",
    ],
)
async def test_whatever_may_be_a_page_is_the_app(ask: Ask, path: str) -> None:
    reply = await ask(path)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert b"<title>Tidework</title>" in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1/nothing",
        "/api/docs",
        "/health/live",
        "/health",
        "/metrics",
        "/.well-known/jwks.json",
        "/.well-known/security",
        "/logo.png",
        "/deep/down/file.tar.gz",
        "/assets/gone-DnsNvibg.js",
        "/assets/../index-x/.",
        "/..",
        "/../etc/passwd",
        "/a/../../b",
        "/a/./b",
        "/a\\..\\b",
        "/\0",
        "/a\nb",
        "/\x7f",
        "/\ud800",
        "/.secret",
        "/.vite/manifest.json",
    ],
)
async def test_everything_else_is_not(ask: Ask, path: str) -> None:
    assert (await ask(path)).headers == {"x-rest": "1"}


@pytest.mark.parametrize(
    ("accept", "page", "front"),
    [
        ("text/html", True, True),
        ("application/xhtml+xml, application/xml;q=0.9", True, True),
        ("image/webp, TEXT/HTML;q=0.1", True, True),
        ("text/html;q=0, application/json", False, False),
        ("text/html; q=0.000", False, False),
        ("*/*", False, True),
        ("text/*", False, True),
        ("application/json", False, False),
        ("application/json, */*;q=0.5", False, True),
        ("text/htmlx", False, False),
        ("", False, False),
    ],
)
async def test_the_page_is_for_who_reads_html(
    ask: Ask, accept: str, page: bool, front: bool
) -> None:
    assert ((await ask("/my-tasks", accept=accept)).status == 200) == page
    assert ((await ask("/", accept=accept)).status == 200) == front


async def test_who_says_nothing_gets_the_page_at_the_front_door(dist: Path) -> None:
    app = new_app(dist)
    got: list[int] = []

    async def send(message: dict[str, int]) -> None:
        got.append(message.get("status", 0))

    for path in ("/", "/my-tasks"):
        await app({"type": "http", "method": "GET", "path": path, "headers": []}, None, send)  # type: ignore[arg-type]
    assert got == [200, 0, 404, 0]


async def test_every_page_has_a_nonce_of_its_own(ask: Ask) -> None:
    nonces = set()
    for _ in range(20):
        reply = await ask("/")
        [nonce] = re.findall(r'name="csp-nonce" content="([^"]+)"', reply.body.decode())
        assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", nonce)
        assert f"'nonce-{nonce}'" in policy_of(reply)["style-src"]
        assert b"__NONCE__" not in reply.body
        nonces.add(nonce)
    assert len(nonces) == 20


async def test_the_policy_allows_nothing_inline_and_no_other_origin(ask: Ask) -> None:
    policy = policy_of(await ask("/"))
    assert policy.pop("img-src") == ["'self'", "data:", "blob:", "https:", "http:"]
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    for name, words in policy.items():
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"} & set(words), name
        others = [word for word in words if "//" in word and "tasks.example.com" not in word]
        assert others == [], name
    assert {"manifest-src", "worker-src", "form-action", "font-src"} <= policy.keys()


async def test_the_page_brings_the_headers_that_the_api_brings(ask: Ask) -> None:
    headers = (await ask("/")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" in headers


@pytest.mark.parametrize(
    ("host", "also"),
    [
        ("tasks.example.com", None),
        ("TASKS.example.com", None),
        ("192.168.1.7:8000", "192.168.1.7:8000"),
        ("[fd00::1]:8000", "[fd00::1]:8000"),
        ("tide.local", "tide.local"),
        ("evil; script-src *", None),
        ("evil 'unsafe-inline'", None),
        ("*", None),
        ("*.example.com", None),
        ("evil,other", None),
        ("", None),
        ("x" * 300, None),
    ],
)
async def test_websockets_go_to_the_page_s_own_host(ask: Ask, host: str, also: str | None) -> None:
    hosts = ["tasks.example.com", *([also] if also else [])]
    expected = ["'self'", *(f"{scheme}://{one}" for one in hosts for scheme in ("ws", "wss"))]
    assert policy_of(await ask("/", host=host))["connect-src"] == expected


async def test_the_assets_come_from_the_cdn(dist: Path) -> None:
    cdn = "https://cdn.example.com/tide"
    ask = asking(new_app(dist, cdn_url=cdn))
    reply = await ask("/")
    page = reply.body.decode()
    for name in ("index-DnsNvibg.js", "Close_Button-au-0tFyd.js", "index-BDVRhrZ9.css"):
        assert f'="{cdn}/assets/{name}"' in page
    assert '"/assets/' not in page
    assert "__BUILD__" not in page
    # These are of the installation, not of the build.
    assert 'href="/manifest.webmanifest"' in page
    assert 'href="/icon.svg"' in page
    policy = policy_of(reply)
    for name in ("script-src", "style-src", "font-src"):
        assert f"{cdn}/assets/" in policy[name]
    assert not [word for word in policy["connect-src"] if "cdn" in word]
    # The service worker may fetch them too.
    worker = policy_of(await ask("/sw.js"))
    assert f"{cdn}/assets/" in worker["connect-src"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/login", "login"),
        ("/register", "auth"),
        ("/accept-invitation", "auth"),
        ("/w/0192/board", "board"),
        ("/my-tasks", "app"),
        ("/", "app"),
    ],
)
async def test_what_is_drawn_first_goes_by_the_address(ask: Ask, path: str, shown: str) -> None:
    assert f'data-page="{shown}"' in (await ask(path)).body.decode()


@pytest.mark.parametrize(
    ("liked", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, DE;q=0.5", "de"),
        ("en-GB,de", "en"),
        ("fr", "en"),
        ('"><script>', "en"),
        ("", "en"),
    ],
)
async def test_what_is_drawn_first_speaks_as_the_browser(
    ask: Ask, liked: str, language: str
) -> None:
    reply = await ask("/login", accept_language=liked)
    assert f'<html lang="{language}"' in reply.body.decode()


async def test_the_version_says_which_build_it_is(dist: Path, tmp_path: Path) -> None:
    reply = await asking(new_app(dist))("/version.json", accept="application/json")
    assert reply.headers["cache-control"] == "no-store"
    told = re.fullmatch(r'\{"version":"[^"]+","build":"([0-9a-f]{12})"\}', reply.body.decode())
    assert told is not None
    page = await asking(new_app(dist))("/")
    assert f'data-build="{told[1]}"'.encode() in page.body
    other = make_dist(tmp_path / "other", body="another")
    assert (await asking(new_app(other))("/version.json")).body != reply.body


async def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    ask = asking(new_app(tmp_path / "nothing"))
    reply = await ask("/my-tasks")
    assert reply.status == 503
    assert b"make web" in reply.body
    assert reply.headers["cache-control"] == "no-store"
    assert policy_of(reply)["default-src"] == ["'none'"]
    assert (await ask("/version.json")).body.endswith(b'"build":""}')
    assert (await ask("/assets/index-DnsNvibg.js")).headers == {"x-rest": "1"}
    assert (await ask("/api/v1/x")).headers == {"x-rest": "1"}
    make_dist(tmp_path / "nothing")
    assert (await ask("/my-tasks")).status == 200
    assert (await ask("/assets/index-DnsNvibg.js")).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_pages_and_files_can_only_be_read(ask: Ask, method: str) -> None:
    for path in ("/", "/version.json", "/sw.js", "/assets/index-DnsNvibg.js"):
        with pytest.raises(MethodNotAllowed) as refused:
            await ask(path, method)
        assert refused.value.headers == {"Allow": "GET, HEAD, OPTIONS"}
    assert (await ask("/my-tasks", method)).headers == {"x-rest": "1"}


async def test_what_may_be_asked_for_is_told(ask: Ask) -> None:
    reply = await ask("/sw.js", "OPTIONS")
    assert (reply.status, reply.headers) == (204, {"allow": "GET, HEAD, OPTIONS"})
    assert (await ask("/my-tasks", "OPTIONS")).headers == {"x-rest": "1"}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://cdn.example.com", "https://cdn.example.com"),
        ("https://CDN.example.com:8443/tide-work/v1/", "https://cdn.example.com:8443/tide-work/v1"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080"),
    ],
)
def test_a_cdn_is_an_address(given: str, taken: str) -> None:
    assert load({"TIDEWORK_CDN_URL": given}).cdn_url == taken


@pytest.mark.parametrize(
    "given",
    [
        "cdn.example.com",
        "ftp://cdn.example.com",
        "https://",
        "https://user:secret@cdn.example.com",
        "https://cdn.example.com/a?b",
        "https://cdn.example.com/#x",
        "https://cdn.example.com:0",
        "https://cdn.example.com:99999",
        "https://*.example.com",
        "https://cdn.example.com/a;script-src",
        "https://cdn.example.com, https://x.example",
        "https://cdn.example.com/'x'",
        'https://cdn.example.com/"><script>',
        "https://cdn.example.com/../x y",
    ],
)
def test_what_would_not_stand_in_a_policy_is_no_cdn(given: str) -> None:
    with pytest.raises(InvalidSettings, match="TIDEWORK_CDN_URL"):
        load({"TIDEWORK_CDN_URL": given})


def test_an_encrypted_page_loads_nothing_unencrypted() -> None:
    environ = {"TIDEWORK_CDN_URL": "http://cdn.example.com"}
    load(environ)
    with pytest.raises(InvalidSettings, match="unencrypted"):
        load(environ | {"TIDEWORK_PUBLIC_URL": "https://tasks.example.com"})
