"""Which addresses a request may go to, when somebody else says where.

Only public ones: what is reserved (RFC 6890 and the IANA registries of special-purpose addresses),
and what leads into the network that the server stands in, is refused, however it is written.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; connecting to it reaches the machine itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 tells secrets of a cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its looks, the machine's own agent in Azure
        "169.254.0.0/16",  # link-local; 169.254.169.254 tells secrets of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 tells secrets of a cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# All else of IPv6 is loopback, private (fc00::/7), link-local, multicast, or not in use.
_GLOBAL_6: Final = IPv6Network("2000::/3")
_REFUSED_6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: its relays lead to any IPv4 address
        "3fff::/20",  # documentation
    )
)
# RFC 6052: where IPv6 alone is spoken, it stands for the IPv4 address in its last 32 bits.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_MAPPED_BITS: Final = 96


class Allowed:
    """The addresses that requests may go to: public ones, and what the operator allows besides."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        """`networks`: addresses or CIDR networks. Raises ValueError for one that is neither."""
        self._networks = tuple(network(text) for text in networks)

    def permits(self, text: str) -> bool:
        """Whether a request may go to this address. Text that is none may not."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        real = embedded(address)
        if any(one in within for one in {address, real} for within in self._networks):
            return True
        return is_public(real)


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, or by NAT64), or else itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether an address, not one that stands for another, is anybody's on the internet."""
    if isinstance(address, IPv4Address):
        return not any(address in refused for refused in _REFUSED_4)
    if address not in _GLOBAL_6 or address.scope_id is not None:
        return False
    return not any(address in refused for refused in _REFUSED_6)


def network(text: str) -> Network:
    """A network, or an address as one; mapped ones as IPv4. Raises ValueError."""
    found = ip_network(text, strict=False)
    first = found.network_address
    if isinstance(first, IPv6Address) and found.prefixlen >= _MAPPED_BITS and first.ipv4_mapped:
        return IPv4Network((first.ipv4_mapped, found.prefixlen - _MAPPED_BITS))
    return found
