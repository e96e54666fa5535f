"""Addresses that somebody typed."""

import pytest

from tidework.outgoing.target import Target, read_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTP://Example.COM./a?b=1", Target("http", "example.com", 80, "/a?b=1")),
        ("https://example.com:8443//x", Target("https", "example.com", 8443, "//x")),
        ("https://bücher.example/x", Target("https", "xn--bcher-kva.example", 443, "/x")),
        ("https://straße.example/", Target("https", "xn--strae-oqa.example", 443, "/")),
        ("http://[2606:4700::1]:8080/", Target("http", "2606:4700::1", 8080, "/")),
        ("http://8.8.8.8?x", Target("http", "8.8.8.8", 80, "/?x")),
    ],
)
def test_parts(url: str, target: Target) -> None:
    assert read_target(url) == target


def test_what_the_header_says() -> None:
    assert read_target("https://example.com/").authority == "example.com"
    assert read_target("http://example.com:443/").authority == "example.com:443"
    assert read_target("http://[2606:4700::1]:8080/").authority == "[2606:4700::1]:8080"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "form"),
        ("example.com/hook", "form"),
        ("ftp://example.com/", "form"),
        ("file:///etc/passwd", "form"),
        ("https://", "form"),
        ("https:///path", "form"),
        ("https://example.com:x/", "form"),
        ("https://example.com:99999/", "form"),
        ("https://ada@example.com/", "user"),
        ("https://example.com@127.0.0.1/", "user"),
        ("https://@example.com/", "user"),
        ("https://example.com\\@127.0.0.1/", "backslash"),
        ("https://exam\tple.com/", "space"),
        ("https://example.com/a b", "space"),
        ("https://example.com/\r\nX-Header: 1", "space"),
        ("https://example.com/\x7f", "control"),
        ("https://example.com/#part", "#"),
        ("https://example.com/ä", "percent-encoded"),
        ("https://exa_%6dple.com/", "name of the internet"),
        ("https://a..b/", "name of the internet"),
        ("https://[fe80::1%25eth0]/", "address"),
        ("https://[example.com]/", "address|form"),
        ("https://ex‥ample.com/", "name of the internet"),
        ("https://example.com:25/", "port 25"),
        ("https://example.com:0/", "port 0"),
        ("https://example.com:6379/", "port 6379"),
        ("https://example.com/" + "a" * 2048, "longer"),
    ],
)
def test_what_is_wrong_is_said(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_target(url)
