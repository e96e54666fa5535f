"""nginx: the one address in front of the copies."""

import http.client
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from tidework.cluster.edge import PLACES, Edge, Target, Variant, fill, render, self_signed
from tidework.cluster.part import Part, find_program
from tidework.cluster.ports import LOOPBACK, free_port
from tidework.cluster.process import ClusterError, write_private

_QUICK_S: Final = 2.0
_BROTLI: Final = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")


class Nginx(Part):
    """An nginx of its own in front of copies; `tls` gives it a certificate of its own making.

    Attributes:
        edge: what it does.
        http_port: with TLS, where plain HTTP is answered with a redirect.
    """

    program = "nginx"
    service = "nginx"
    # Its workers, which are not root, keep large bodies and answers there.
    folder_mode = 0o711
    # What runs is answered first.
    stop_signal = signal.SIGQUIT

    def __init__(
        self,
        folder: Path,
        *,
        targets: Sequence[Target],
        variant: Variant = "least_conn",
        tls: bool = False,
        name: str = "nginx",
        port: int | None = None,
        http_port: int | None = None,
        proxies: Sequence[str] = (),
        places: int = PLACES,
    ) -> None:
        super().__init__(folder, name=name, port=port)
        self._tls = tls
        self.http_port = (http_port or free_port()) if tls else None
        self._config = self.folder / "nginx.conf"
        self.edge = Edge(
            targets=targets,
            variant=variant,
            listen=self.address,
            http_listen=f"{LOOPBACK}:{self.http_port}" if tls else None,
            https_port=self.port,
            proxies=proxies,
            places=places,
            access_log=str(self.folder / "access.log"),
            error_log="stderr",
            cache=str(self.folder / "cache"),
            # Whether traces are kept is the copies' setting; here each may be looked at.
            traced=100,
            command="tidework cluster up",
        )

    @property
    def url(self) -> str:
        """Where people and clients find the product."""
        return f"{'https' if self._tls else 'http'}://{self.address}"

    @property
    def place(self) -> str:
        return self.url

    def command(self) -> list[str | Path]:
        return [nginx_program(), "-p", f"{self.folder}/", "-c", self._config, "-e", "stderr"]

    def prepare(self) -> None:
        """Write the configuration. Raises `ClusterError` when nginx does not take it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        modules = brotli_modules()
        tls = self_signed(self.folder, LOOPBACK) if self._tls else None
        edge = replace(self.edge, tls=tls, brotli=modules is not None)
        write_private(self.folder / "tidework.conf", render(edge))
        values = {
            "modules": "\n".join(f"load_module {path};" for path in modules or ()),
            "user": "user nobody nogroup;" if os.geteuid() == 0 and _is_debian() else "",
            "workers": "1",
            "folder": str(self.folder),
        }
        write_private(self._config, fill("main.conf", values))
        self._check()

    def _check(self) -> None:
        done = subprocess.run(  # noqa: S603
            [*self.command(), "-t", "-q"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ClusterError(f"nginx does not take its configuration: {done.stderr.strip()}")

    def healthy(self) -> bool:
        """Whether it answers by itself, whatever the copies do."""
        port = self.http_port or self.port
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_QUICK_S)
        try:
            connection.request("HEAD", "/metrics")
            return connection.getresponse().status in {308, 404}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def set_targets(self, targets: Sequence[Target]) -> None:
        """Send requests to these copies from now on, without dropping one."""
        self.edge = replace(self.edge, targets=targets)
        self.prepare()
        os.kill(self.pid, signal.SIGHUP)

    def detail(self) -> str:
        count = len(self.edge.targets)
        return f"{self.edge.variant} over {count} {'copy' if count == 1 else 'copies'}"


def nginx_program() -> Path | str:
    """Where nginx is."""
    return find_program("nginx") or "nginx"


@cache
def brotli_modules() -> tuple[Path, ...] | None:
    """The modules to load for brotli, none when it is built in; None: nginx cannot do it."""
    program = find_program("nginx")
    if program is None:
        return None
    told = subprocess.run(  # noqa: S603
        [program, "-V"], capture_output=True, text=True, check=False
    ).stderr
    if re.search(r"--add-module=\S*brotli", told):
        return ()
    found = re.search(r"--modules-path=(\S+)", told)
    folder = Path(found[1]) if found else Path("/usr/lib/nginx/modules")
    modules = tuple(folder / name for name in _BROTLI)
    return modules if all(path.exists() for path in modules) else None


def _is_debian() -> bool:
    return Path("/etc/debian_version").exists()
