"""The web app within the whole product, asked in process."""

import gzip
import re
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from tests.modules.web.conftest import CODE, make_dist
from tests.services.api import Api, OpenApi

from tidework.web import files

SCRIPT = "/assets/index-DnsNvibg.js"
HTML = {"accept": "text/html"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What stands here does not depend on the store."""
    return sqlite_url


@pytest.fixture(autouse=True)
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app that the product serves."""
    made = make_dist(tmp_path / "dist", body="<!-- " + "word " * 400 + "-->")
    monkeypatch.setattr(files, "FOLDER", made)
    return made


def once(answer: httpx.Response) -> set[str]:
    """The names of an answer's headers, none of which stands twice; `Vary` may, it is a list."""
    names = [name.lower() for name, _ in answer.headers.multi_items() if name.lower() != "vary"]
    assert len(names) == len(set(names)), names
    return set(answer.headers)


async def test_page_files_and_api_come_from_one_server(api: Api) -> None:
    page = await api.client.get("/my-tasks", headers=HTML)
    assert page.status_code == 200
    assert {"x-request-id", "content-length", "content-security-policy"} <= once(page)
    [script] = re.findall(r'src="([^"]+)"', page.text)
    assert (await api.client.get(script)).content == CODE
    assert (await api.person()).id
    missing = await api.client.get("/assets/gone-DnsNvibg.js", headers=HTML)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert missing.headers["cache-control"] == "no-store"


async def test_clients_of_the_api_get_problems(api: Api) -> None:
    json = {"accept": "application/json"}
    for method, path, headers, status in (
        ("GET", "/my-tasks", json, 404),
        ("GET", "/api/v2/x", HTML, 404),
        ("POST", "/my-tasks", HTML, 404),
        ("POST", "/", HTML, 405),
        ("DELETE", SCRIPT, json, 405),
        ("BREW", "/", HTML, 405),
        ("GET", "/" + "x" * 3000, HTML, 414),
        ("GET", "/?" + "x" * 9000, HTML, 414),
    ):
        answer = await api.client.request(method, path, headers=headers)
        assert answer.status_code == status, (method, path[:20])
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        once(answer)


@pytest.mark.parametrize("path", ["/my-tasks", SCRIPT, "/sw.js", "/version.json", "/icon.svg"])
async def test_head_is_get_without_the_body(api: Api, path: str) -> None:
    headers = {**HTML, "accept-encoding": "identity"}
    got = await api.client.get(path, headers=headers)
    head = await api.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content)) != "0"
    assert once(head) == once(got)


async def test_files_are_compressed_once_and_the_page_each_time(api: Api, dist: Path) -> None:
    for accepted, suffix in (("br", ".br"), ("gzip", ".gz"), ("zstd, br", ".br")):
        headers = {**HTML, "accept-encoding": accepted}
        async with api.client.stream("GET", SCRIPT, headers=headers) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        # Not compressed a second time, though it is large.
        assert raw == dist.joinpath(f"{SCRIPT[1:]}{suffix}").read_bytes()
        assert len(raw) > 2048
        assert {"vary", "content-encoding"} <= once(answer)
        assert answer.headers["content-length"] == str(len(raw))
    async with api.client.stream("GET", "/", headers={**HTML, "accept-encoding": "br"}) as page:
        raw = b"".join([part async for part in page.aiter_raw()])
    nonce = re.search(rb'content="([\w-]+)" /', brotli.decompress(raw))
    assert nonce is not None
    assert f"'nonce-{nonce[1].decode()}'" in page.headers["content-security-policy"]
    plain = await api.client.get(SCRIPT, headers={"accept-encoding": "identity"})
    assert plain.content == CODE == gzip.decompress((dist / f"{SCRIPT[1:]}.gz").read_bytes())
    assert "content-encoding" not in once(plain)


async def test_the_files_count_towards_nobody_s_limit(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="anonymous=3 per 15 minutes")
    for _ in range(10):
        for path in ("/", SCRIPT, "/sw.js", "/version.json"):
            answer = await api.client.get(path, headers=HTML)
            assert answer.status_code == 200
            assert not [name for name in answer.headers if "ratelimit" in name.lower()]
    statuses = [(await api.client.get("/api/v1/users/me")).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


async def test_any_origin_may_load_assets_and_only_the_named_ones_the_rest(
    open_api: OpenApi,
) -> None:
    api = await open_api(CORS_ORIGINS="https://app.example.com")
    for origin in ("https://app.example.com", "https://other.example.com"):
        asset = await api.client.get(SCRIPT, headers={"origin": origin})
        assert asset.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in once(asset)
        page = await api.client.get("/sw.js", headers={"origin": origin})
        assert page.headers.get("access-control-allow-origin") != "*"
        once(page)


async def test_a_cdn_is_a_setting(open_api: OpenApi) -> None:
    api = await open_api(CDN_URL="https://cdn.example.com")
    page = await api.client.get("/", headers=HTML)
    assert f'src="https://cdn.example.com{SCRIPT}"' in page.text
    assert "https://cdn.example.com/assets/" in page.headers["content-security-policy"]


async def test_metrics_name_few_routes_however_many_addresses(open_api: OpenApi) -> None:
    api = await open_api(METRICS="public")
    for path in ("/", "/my-tasks", "/projects/1", "/assets/index-BDVRhrZ9.css", SCRIPT, "/sw.js"):
        assert (await api.client.get(path, headers=HTML)).status_code == 200
    await api.client.get("/assets/gone-DnsNvibg.js")
    await api.client.get("/gone.txt", headers=HTML)
    text = (await api.client.get("/metrics")).text
    routes = set(re.findall(r'tidework_http_requests_total\{[^}]*route="([^"]*)"', text))
    assert {"/", "/assets/", "/sw.js"} <= routes
    assert not {path for path in routes if "gone" in path or "tasks" in path}


async def test_without_a_build_the_api_goes_on(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path / "nothing")
    api = await open_api()
    answer: Any = await api.client.get("/", headers=HTML)
    assert answer.status_code == 503
    assert "make web" in answer.text
    once(answer)
    assert (await api.person()).id
