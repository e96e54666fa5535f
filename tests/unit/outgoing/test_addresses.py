"""Which addresses a request may go to, however they are written."""

import pytest

from tidework.outgoing.addresses import Allowed

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 ::127.0.0.1 ::a00:1
64:ff9b::127.0.0.1 64:ff9b::10.1.2.3 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 100::1 2001::1
2001:0:53aa:64c:0:0:80ff:fffe 2001:db8::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1 3fff::1
5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fdff:ffff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
ff0e::1 2606:4700::1111%eth0
localhost 127.1 2130706433 0x7f.0.0.1 010.0.0.1 127.0.0.1. [::1]
"""
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
168.63.129.15 169.253.255.255 172.15.255.255 172.32.0.1 192.167.255.255 198.17.255.255
223.255.255.255 2606:4700::1111 2a00:1450:4001:80b::200e ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""


@pytest.mark.parametrize("address", [*REFUSED.split(), ""])
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not Allowed().permits(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_what_is_public_is_not(address: str) -> None:
    assert Allowed().permits(address)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("127.0.0.0/8", "127.8.8.8", "10.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.1.2.3", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("fd12::/16", "fd12::1", "fd13::1"),
        ("64:ff9b:1::/48", "64:ff9b:1::a00:1", "10.0.0.1"),
    ],
)
def test_an_operator_allows_a_network_and_nothing_else(
    network: str, inside: str, outside: str
) -> None:
    allowed = Allowed([network])
    assert allowed.permits(inside)
    assert not allowed.permits(outside)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        Allowed(["localhost"])
