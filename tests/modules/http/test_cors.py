import pytest

from tidework.http.cors import Cors, check_origin

APP = b"https://app.example.com"


def test_without_origins_nothing_is_added() -> None:
    cors = Cors([])
    assert not cors.enabled
    assert cors.headers_for(APP) == []
    assert cors.preflight(APP, b"GET", None) is None


def test_a_named_origin_may_read_the_answer_and_its_headers() -> None:
    headers = dict(Cors(["https://app.example.com"]).headers_for(APP))
    assert headers[b"access-control-allow-origin"] == APP
    assert headers[b"vary"] == b"Origin"
    exposed = headers[b"access-control-expose-headers"].split(b", ")
    assert {b"ETag", b"Location", b"Tidework-Seq", b"Retry-After"} <= set(exposed)


@pytest.mark.parametrize(
    "origin",
    [
        b"https://app.example.com.evil.org",
        b"https://evil.org",
        b"http://app.example.com",
        b"https://app.example.com:8443",
        b"https://sub.app.example.com",
        b"HTTPS://APP.EXAMPLE.COM",
        b"null",
        b"",
        None,
    ],
)
def test_any_other_origin_gets_only_vary(origin: bytes | None) -> None:
    cors = Cors(["https://app.example.com"])
    assert cors.headers_for(origin) == [(b"vary", b"Origin")]
    assert cors.preflight(origin, b"GET", None) is None


def test_preflight() -> None:
    cors = Cors(["https://app.example.com", "http://localhost:5173"])
    headers = dict(cors.preflight(APP, b"PATCH", b"authorization, If-Match,content-type") or [])
    assert headers[b"access-control-allow-origin"] == APP
    assert b"PATCH" in headers[b"access-control-allow-methods"]
    assert b"If-Match" in headers[b"access-control-allow-headers"]
    assert b"Origin" in headers[b"vary"]
    assert cors.preflight(b"http://localhost:5173", b"GET", None) is not None
    assert cors.preflight(APP, b"TRACE", None) is None
    assert cors.preflight(APP, b"get", None) is None
    assert cors.preflight(APP, None, None) is None
    assert cors.preflight(APP, b"GET", b"X-Evil") is None


def test_origins_are_kept_as_browsers_send_them() -> None:
    cors = Cors(["HTTPS://App.Example.com:443/", "http://[::1]:3000"])
    assert len(cors.headers_for(APP)) > 1
    assert len(cors.headers_for(b"http://[::1]:3000")) > 1


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "NULL",
        "",
        "app.example.com",
        "https://*.example.com",
        "https://app.example.com/path",
        "https://user@app.example.com",
        "https://app.example.com?x=1",
        "ftp://app.example.com",
        "https://app.example.com:99999",
        "https://[::1",
        "https://bücher.example",
    ],
)
def test_unusable_origins_are_refused_by_the_name_of_the_setting(origin: str) -> None:
    with pytest.raises(ValueError, match="TIDEWORK_CORS_ORIGINS"):
        Cors([origin])


def test_a_password_in_an_origin_is_not_shown() -> None:
    with pytest.raises(ValueError, match=r"\*\*\*@x") as refused:
        check_origin("https://ada:hunter2@x.example.com")
    assert "hunter2" not in str(refused.value)
