"""The configuration of nginx, rendered from the one template: what goes to which copy, and how."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidework.cluster.problems import HSTS, error_pages, problem_pages
from tidework.cluster.process import ClusterError, write_private
from tidework.settings import Settings

Variant = Literal["least_conn", "round_robin", "ip_hash"]
VARIANTS: Final[tuple[Variant, ...]] = get_args(Variant)

# How many requests a copy is given for each that it works on. The others wait there, where it is known
# how long that takes; with more of them a slow copy would do the refusing, at ten times the cost.
_GIVEN: Final = 2
# Who is not in nginx's queue of connections asks again after a second. Its own 511 are full within
# 50 ms of a flood; of more than the kernel's bound (4,096) the kernel takes its own.
_BACKLOG: Final = "backlog=4096"
# As admission has it: log-ins have one place for so many of the others.
_LOGINS: Final = 8
PLACES: Final = Settings().max_concurrent
"""How many requests of a kind a copy works on at once, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Target:
    """A copy that requests go to; `backup` only when no other can be reached."""

    address: str
    weight: int = 1
    backup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What an nginx is to do.

    Attributes:
        listen: ADDRESS:PORT.
        tls: files of the certificate and its key, in PEM.
        http_listen: where plain HTTP is answered with a redirect to HTTPS.
        https_port: the port that the redirect names; 443 goes without saying.
        proxies: networks of proxies in front of nginx, whose X-Forwarded-For is believed.
        places: how many requests that read a copy works on at once, in all its workers; as many
            that write, and an eighth of it for log-ins.
        traced: how many requests begin a trace, in per cent, where the caller has not.
    """

    targets: Sequence[Target]
    variant: Variant = "least_conn"
    listen: str = "80"
    server_name: str = "_"
    tls: tuple[str, str] | None = None
    http_listen: str | None = None
    https_port: int = 443
    proxies: Sequence[str] = ()
    body: str = "1m"
    batch_body: str = "40m"
    import_body: str = "50m"
    places: int = PLACES
    traced: float = 1.0
    brotli: bool = True
    access_log: str = "/var/log/nginx/tidework.log"
    error_log: str = "/var/log/nginx/error.log"
    cache: str = "/var/cache/nginx-tidework"
    command: str = "tidework cluster nginx"


def render(edge: Edge) -> str:
    """The configuration, to be included in nginx's `http` block. Raises `ClusterError`."""
    if not any(not one.backup for one in edge.targets):
        raise ClusterError("nginx needs a copy that is no backup. Example: --copy 127.0.0.1:8001")
    given, logins = edge.places * _GIVEN, max(1, edge.places // _LOGINS) * _GIVEN
    values = {
        "variant": edge.variant,
        "command": edge.command,
        "balance": "" if edge.variant == "round_robin" else f"{edge.variant};",
        "servers": _servers(edge, _FAILS),
        "bounded_servers": _servers(edge, f"{_FAILS} max_conns={given}"),
        "bounded_kept": f"keepalive {given * len(edge.targets)};",
        "login_servers": _servers(edge, f"{_FAILS} max_conns={logins}"),
        "live_servers": _servers(edge, "max_fails=0"),
        "traced": f"{edge.traced:g}%",
        "proxies": "\n".join(f"{network} 1;" for network in edge.proxies),
        "cache": _quoted(edge.cache),
        "redirect": _redirect(edge),
        "listen": f"listen {edge.listen}{' ssl http2' if edge.tls else ''} {_BACKLOG};",
        "server_name": edge.server_name,
        "tls": _tls(edge),
        "real_ip": _real_ip(edge),
        "access_log": _quoted(edge.access_log),
        "error_log": _quoted(edge.error_log),
        "body": edge.body,
        "batch_body": edge.batch_body,
        "import_body": edge.import_body,
        "brotli": _BROTLI if edge.brotli else "",
        "pages": error_pages(),
        "problems": problem_pages(tls=edge.tls is not None),
    }
    return fill("tidework.conf", values)


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template of this package with its `{{names}}` replaced; lines without a value are left out."""
    text = resources.files(__package__).joinpath("templates", template).read_text("utf-8")
    lines = []
    for line in text.splitlines():
        names = re.findall(r"\{\{(\w+)\}\}", line)
        alone = len(names) == 1 and line.strip() == f"{{{{{names[0]}}}}}"
        if not alone:
            lines.append(re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], line))
        elif values[names[0]]:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [f"{indent}{one}" if one else "" for one in values[names[0]].splitlines()]
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    """A path as nginx reads it. Raises `ClusterError` for one that it would not understand."""
    if re.search(r"[\"'\\$\0-\x1f]", path):
        raise ClusterError(f"nginx cannot be told of {path!r}: choose a path without quotes and $.")
    return f'"{path}"' if re.search(r"[\s;{}#]", path) else path


# One failure takes a copy out for three seconds: the next request must find another one.
_FAILS: Final = "max_fails=1 fail_timeout=3s"


def _servers(edge: Edge, more: str) -> str:
    return "\n".join(_server(one, edge.variant, more) for one in edge.targets)


def _server(target: Target, variant: Variant, more: str) -> str:
    words = [f"server {target.address}", f"weight={target.weight}", more]
    if target.backup:
        if variant == "ip_hash":
            return f"# ip_hash knows no backup: {target.address}"
        words.append("backup")
    return " ".join(words) + ";"


_BROTLI: Final = """\
brotli on;
brotli_comp_level 5;
brotli_min_length 1024;
brotli_types text/css text/plain application/javascript text/javascript application/json
    image/svg+xml application/manifest+json;"""


def _tls(edge: Edge) -> str:
    if edge.tls is None:
        return ""
    certificate, key = edge.tls
    return "\n".join([
        f"ssl_certificate {_quoted(certificate)};",
        f"ssl_certificate_key {_quoted(key)};",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        ("ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;"),
        "ssl_prefer_server_ciphers off;",
        "ssl_session_cache shared:tidework:4m;",
        "ssl_session_timeout 1d;",
        "ssl_session_tickets off;",
        HSTS,
        "proxy_hide_header Strict-Transport-Security;",
    ])  # fmt: skip


def _redirect(edge: Edge) -> str:
    if edge.http_listen is None:
        return ""
    port = "" if edge.https_port == 443 else f":{edge.https_port}"
    return "\n".join([
        "server {",
        f"    listen {edge.http_listen};",
        f"    server_name {edge.server_name};",
        f"    access_log {_quoted(edge.access_log)} tidework;",
        "    # 308 keeps method and body.",
        "    location / {",
        f"        return 308 https://$host{port}$request_uri;",
        "    }",
        "}",
        "",
    ])  # fmt: skip


def _real_ip(edge: Edge) -> str:
    if not edge.proxies:
        return ""
    lines = [f"set_real_ip_from {network};" for network in edge.proxies]
    return "\n".join([*lines, "real_ip_header X-Forwarded-For;", "real_ip_recursive on;"])


def self_signed(folder: Path, name: str) -> tuple[str, str]:
    """Files of a certificate for a host that nobody vouches for, made once, and of its key."""
    certificate, key_file = folder / "certificate.pem", folder / "certificate-key.pem"
    if certificate.exists() and key_file.exists():
        return str(certificate), str(key_file)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ip_address(name))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(key_file, pem.decode())
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(certificate), str(key_file)
