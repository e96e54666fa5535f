import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.http.proxies import TrustedProxies


def forwarded(value: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode("latin-1")), *more]


def test_without_proxies_the_headers_mean_nothing() -> None:
    proxies = TrustedProxies([])
    headers = forwarded("1.2.3.4", (b"x-forwarded-proto", b"https"))
    assert proxies.client("9.9.9.9", headers) == ("9.9.9.9", None, None)


def test_a_stranger_cannot_claim_an_address() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"])
    headers = forwarded(
        "1.2.3.4", (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"e.org")
    )
    assert proxies.client("9.9.9.9", headers) == ("9.9.9.9", None, None)


def test_the_rightmost_untrusted_address_is_the_caller() -> None:
    proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"])
    assert proxies.client("10.0.0.1", forwarded("6.6.6.6, 1.2.3.4"))[0] == "1.2.3.4"
    assert proxies.client("10.0.0.1", forwarded("6.6.6.6, 1.2.3.4, 10.2.3.4"))[0] == "1.2.3.4"
    assert proxies.client("fd00::1", forwarded("10.0.0.9"))[0] == "10.0.0.9"
    assert proxies.client("10.0.0.1", [])[0] == "10.0.0.1"


def test_several_header_lines_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"1.2.3.4, 10.0.0.7")]
    assert TrustedProxies(["10.0.0.0/8"]).client("10.0.0.1", headers)[0] == "1.2.3.4"


def test_scheme_and_host_of_a_trusted_proxy() -> None:
    proxies = TrustedProxies(["10.0.0.1"])
    headers = forwarded(
        "1.2.3.4", (b"x-forwarded-proto", b"HTTPS"), (b"x-forwarded-host", b"Work.example.com:8443")
    )
    assert proxies.client("10.0.0.1", headers) == ("1.2.3.4", "https", "work.example.com:8443")
    bad = forwarded("1.2.3.4", (b"x-forwarded-proto", b"file"), (b"x-forwarded-host", b"a/b\r\nc"))
    assert proxies.client("10.0.0.1", bad) == ("1.2.3.4", None, None)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_are_written_in_one_way(written: str, address: str) -> None:
    assert TrustedProxies(["10.0.0.1"]).client("10.0.0.1", forwarded(written))[0] == address


def test_mapped_addresses_are_ipv4() -> None:
    assert TrustedProxies([]).client("::ffff:9.9.9.9", []) == ("9.9.9.9", None, None)
    proxies = TrustedProxies(["::ffff:10.0.0.0/104"])
    assert proxies.client("::ffff:10.0.0.1", forwarded("1.2.3.4"))[0] == "1.2.3.4"


def test_garbage_ends_at_the_last_known_address() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"])
    assert proxies.client("10.0.0.1", forwarded("1.2.3.4, unknown"))[0] == "10.0.0.1"
    assert proxies.client("10.0.0.1", forwarded("1.2.3.4, x, 10.0.0.2"))[0] == "10.0.0.2"
    assert proxies.client("10.0.0.1", forwarded(",,, ,"))[0] == "10.0.0.1"
    long = ", ".join(["10.0.0.3"] * 100_000)
    assert proxies.client("10.0.0.1", forwarded(long))[0] == "10.0.0.3"


@given(st.binary(max_size=80), st.binary(max_size=20), st.binary(max_size=40), st.text(max_size=20))
def test_nothing_in_the_headers_raises(f: bytes, proto: bytes, host: bytes, peer: str) -> None:
    proxies = TrustedProxies(["0.0.0.0/0", "::/0"])
    headers = [(b"x-forwarded-for", f), (b"x-forwarded-proto", proto), (b"x-forwarded-host", host)]
    proxies.client("10.0.0.1", headers)
    proxies.client(peer, headers)


@pytest.mark.parametrize("network", ["", "10.0.0.0/33", "proxy.example.com", "10.0.0"])
def test_what_is_no_network_is_refused_by_the_name_of_the_setting(network: str) -> None:
    with pytest.raises(ValueError, match="TIDEWORK_TRUSTED_PROXIES"):
        TrustedProxies([network])
