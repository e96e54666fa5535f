"""`tidework cluster`: many copies and all that they run on, on this machine, to try and to break."""

import os
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from tidework.cluster import Cluster, ClusterError, Edge, PartStatus, Target
from tidework.cluster.edge import PLACES, VARIANTS, render
from tidework.cluster.ports import is_free
from tidework.commands import Reported
from tidework.commands.console import say_table
from tidework.commands.options import AsJson, note, say, say_json

Dir = Annotated[
    Path | None,
    typer.Option("--dir", metavar="FOLDER", help="Folder of the cluster. [./var/cluster]"),
]

cluster = typer.Typer(
    no_args_is_help=True, help="Run many copies, and all that they need, on this machine."
)


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(cluster, name="cluster")


@cluster.command()
def up(
    directory: Dir = None,
    copies: Annotated[int | None, typer.Option(help="Copies of the server. [2]")] = None,
    replicas: Annotated[int | None, typer.Option(help="Replicas of PostgreSQL. [2]")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of nginx. [a free one]")
    ] = None,
    without: Annotated[
        str | None,
        typer.Option(
            metavar="PART,…",
            help="Leave out: patroni, pgbouncer, redis, sentinel, rabbitmq, nginx.",
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="least_conn, round_robin or ip_hash. [least_conn]")
    ] = None,
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="HTTPS, self-signed.")] = None,
    backup: Annotated[
        bool | None,
        typer.Option("--backup/--no-backup", help="The last copy serves when no other can."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start a cluster, and wait until it can be used.

    Everything listens on 127.0.0.1 and keeps its data in one folder, which stays: a later `up`
    goes on with it, with the same options unless others are given. What runs already is left as
    it is.
    """
    folder = _folder(directory)
    found = Cluster(
        folder,
        copies=copies,
        replicas=replicas,
        without=None if without is None else tuple(filter(None, without.split(","))),
        variant=variant,
        tls=tls,
        backup=backup,
    )
    if port is not None and port != found.state.port("nginx"):
        found = _moved(found, port)
    found.check_unchanged()
    ran = [part for part in found.parts if part.running]
    if len(ran) == len(found.parts):
        note(f"The cluster in {folder} runs already.")
    elif ran:
        note(f"Of the cluster in {folder} {len(ran)} parts run already; starting the others.")
    found.up(lambda line: note(f"starting {line}"))
    _print(found, as_json)
    if not as_json:
        say()
        say(f"{found.url}   API docs: {found.url}/api/docs   data: {folder}")
        say(f"To end it: tidework cluster down{_named(directory)}")


@cluster.command()
def status(directory: Dir = None, as_json: AsJson = False) -> None:
    """Show each part with its address, its health and its log; exits with 1 unless all are healthy."""
    found = _existing(directory)
    if not _print(found, as_json):
        raise Reported("Not all parts are healthy.")


@cluster.command()
def down(
    directory: Dir = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove its data, too.")] = False,
) -> None:
    """End what `up` started and still runs, and nothing else. May be repeated."""
    folder = _folder(directory)
    if not (folder / "cluster.json").exists():
        note(f"There is no cluster in {folder}.")
        return
    ended = Cluster(folder).down(lambda line: note(f"ending {line}"), delete=delete)
    note(f"{ended} parts ended." if ended else f"Nothing of the cluster in {folder} ran.")


@cluster.command()
def nginx(
    copy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT[*WEIGHT][,backup]",
            help="A copy, with its share of the requests; once for each.",
        ),
    ] = None,
    variant: Annotated[
        str, typer.Option(help="least_conn, round_robin or ip_hash.")
    ] = "least_conn",
    listen: Annotated[
        str | None, typer.Option(help="Where to listen. [80; with --tls 443]")
    ] = None,
    name: Annotated[str, typer.Option(help="The host name that it serves.")] = "_",
    tls: Annotated[
        str | None,
        typer.Option(
            metavar="CERTIFICATE,KEY", help="HTTPS with these files, and HTTP redirected."
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK", help="A proxy in front, which is believed; once for each."),
    ] = None,
    places: Annotated[
        int,
        typer.Option(min=1, help="TIDEWORK_MAX_CONCURRENT of a copy, times its workers."),
    ] = PLACES,
    brotli: Annotated[bool, typer.Option(help="nginx has the brotli modules.")] = True,
) -> None:
    """Print a configuration of nginx, for a server of your own."""
    say(render(_edge(copy, variant, listen, name, tls, proxy, places, brotli)).rstrip("\n"))


def _edge(
    copies: list[str] | None, variant: str, listen: str | None, name: str, tls: str | None,
    proxies: list[str] | None, places: int, brotli: bool,
) -> Edge:  # fmt: skip
    chosen = next((one for one in VARIANTS if one == variant), None)
    if chosen is None:
        raise typer.BadParameter(f"{variant!r} is not one of {', '.join(VARIANTS)}.")
    words = ["tidework cluster nginx", f"--variant {variant}"]
    words += [f"--copy '{one}'" for one in copies or ()]
    words += [f"--listen {quote(listen)}"] if listen else []
    words += [f"--name {quote(name)}"] if name != "_" else []
    words += [f"--tls {quote(tls)}"] if tls else []
    words += [f"--proxy {one}" for one in proxies or ()]
    words += [f"--places {places}"] if places != PLACES else []
    words += [] if brotli else ["--no-brotli"]
    edge = Edge(
        targets=[_target(one) for one in copies or ["127.0.0.1:8000"]],
        variant=chosen,
        listen=listen or ("443" if tls else "80"),
        server_name=name,
        proxies=tuple(proxies or ()),
        places=places,
        brotli=brotli,
        command=" ".join(words),
    )
    if tls is None:
        return edge
    certificate, separator, key = tls.partition(",")
    if not (certificate and separator and key):
        raise typer.BadParameter("--tls takes two files: CERTIFICATE,KEY")
    return replace(edge, tls=(certificate, key), http_listen="80")


def _target(text: str) -> Target:
    address, *rest = text.split(",")
    host, _, weight = address.partition("*")
    if rest not in ([], ["backup"]) or not (weight or "1").isdigit() or ":" not in host:
        raise typer.BadParameter(
            f"{text!r} is not HOST:PORT, HOST:PORT*WEIGHT or HOST:PORT,backup."
        )
    return Target(host, int(weight or 1), bool(rest))


def _folder(directory: Path | None) -> Path:
    if directory is not None:
        return directory.expanduser().absolute()
    folder = Path("var/cluster").absolute()
    # PostgreSQL, which refuses root, could not enter what is only root's.
    if os.geteuid() == 0 and not all(one.stat().st_mode & 0o001 for one in Path.cwd().parents):
        return Path("/var/tmp/tidework-cluster")  # noqa: S108  (its owner is checked)
    return folder


def _named(directory: Path | None) -> str:
    return f" --dir {quote(str(directory))}" if directory else ""


def _existing(directory: Path | None) -> Cluster:
    folder = _folder(directory)
    if not (folder / "cluster.json").exists():
        raise ClusterError(f"There is no cluster in {folder}. Start one: tidework cluster up")
    return Cluster(folder)


def _moved(found: Cluster, port: int) -> Cluster:
    """The same cluster with nginx on another port."""
    if any(part.running for part in found.parts):
        raise ClusterError("The cluster runs on another port. End it first: tidework cluster down")
    if not is_free(port) or port in found.state.ports.values():
        raise ClusterError(f"Port {port} is taken. Choose another one, or none.")
    found.state.ports["nginx"] = port
    found.remake()
    return found


def _print(found: Cluster, as_json: bool) -> bool:
    """Show the status; whether all is healthy."""
    rows = found.status()
    if as_json:
        say_json(
            {"url": found.url, "folder": str(found.folder), "parts": [_row(one) for one in rows]}
        )
    else:
        headers = ("part", "health", "address", "", "log")
        table = [(one.name, one.health, one.address, one.detail, one.log) for one in rows]
        say_table(headers, table)
    return all(one.health == "healthy" for one in rows)


def _row(one: PartStatus) -> dict[str, str | int | None]:
    return {
        "name": one.name,
        "health": one.health,
        "address": one.address,
        "detail": one.detail,
        "pid": one.pid,
        "log": one.log,
    }
