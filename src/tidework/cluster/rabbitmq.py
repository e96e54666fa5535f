"""RabbitMQ, with an Erlang port mapper of its own, so that no other Erlang program is met."""

import re
import socket
from pathlib import Path
from typing import Final

from tidework.cluster.part import Part, find_program, new_password
from tidework.cluster.ports import LOOPBACK, accepts, free_port
from tidework.cluster.process import write_private

USER: Final = "tidework"
_SCRIPTS: Final = (
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
)
_EPMD: Final = ("/usr/lib/erlang/erts-*/bin/epmd", "/opt/homebrew/lib/erlang/erts-*/bin/epmd")
_QUICK_S: Final = 1.0
_GREETING: Final = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME: Final = b"\x01"


def _version(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _newest(patterns: tuple[str, ...], name: str = "") -> Path | None:
    """The newest version of what is at one of the places."""
    found = [path for one in patterns for path in Path("/").glob(one.lstrip("/"))]
    found = [path / name if name else path for path in found]
    return max((path for path in found if path.exists()), key=_version, default=None)


class Epmd(Part):
    """The Erlang port mapper."""

    program = "epmd"
    service = "rabbitmq"

    def command(self) -> list[str | Path]:
        program = find_program("epmd") or _newest(_EPMD) or "epmd"
        return [program, "-port", str(self.port), "-address", LOOPBACK]

    def healthy(self) -> bool:
        return accepts(self.port)


class RabbitMQ(Part):
    """One RabbitMQ node.

    Attributes:
        password: of the user `tidework`, who may do everything on the virtual host `/`.
    """

    program = "rabbitmq-server"
    service = "rabbitmq"

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "rabbitmq",
        port: int | None = None,
        password: str | None = None,
        epmd_port: int | None = None,
        between_port: int | None = None,
    ) -> None:
        """`between_port` is the one that Erlang nodes talk to each other over."""
        super().__init__(folder, name=name, port=port)
        self.password = password or new_password()
        self.epmd = Epmd(folder, name=f"{name}-epmd", port=epmd_port)
        self._between_port = between_port or free_port()

    @property
    def url(self) -> str:
        """What TIDEWORK_BROKER_URL takes, password included."""
        return f"amqp://{USER}:{self.password}@{LOOPBACK}:{self.port}/"

    def command(self) -> list[str | Path]:
        # The program on PATH is Debian's, which changes to another user and other folders.
        return [_newest(_SCRIPTS, self.program) or find_program(self.program) or self.program]

    def prepare(self) -> None:
        lines = [
            f"listeners.tcp.1 = {LOOPBACK}:{self.port}",
            f"default_user = {USER}",
            f"default_pass = {self.password}",
            "loopback_users = none",
            "log.console = true",
            "log.file = false",
            # The clusters of this machine share its disk; the default, 50 MB free, is right here.
            "vm_memory_high_watermark.absolute = 512MiB",
        ]
        write_private(self.folder / "rabbitmq.conf", "\n".join(lines) + "\n")
        write_private(self.folder / "enabled_plugins", "[].\n")
        write_private(self.folder / "rabbitmq-env.conf", "")

    def environ(self) -> dict[str, str]:
        own = {
            # Where Erlang keeps the cookie, the password between nodes.
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.epmd.port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # Nothing between the shell that starts it and Erlang, so that signals arrive.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
            ),
            "RABBITMQ_NODENAME": f"tidework-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._between_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_PID_FILE": str(self.folder / "rabbitmq.pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.folder / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
        }
        return super().environ() | own

    def healthy(self) -> bool:
        """Whether it answers a greeting, as a client's would be."""
        try:
            with socket.create_connection((LOOPBACK, self.port), _QUICK_S) as connection:
                connection.settimeout(_QUICK_S)
                connection.sendall(_GREETING)
                return connection.recv(1) == _METHOD_FRAME
        except OSError:
            return False

    def start(self, deadline: float = 90.0) -> None:
        super().start(deadline)

    def launch(self) -> None:
        if not self.missing():
            self.epmd.start()
        super().launch()

    def stop(self, deadline: float = 30.0) -> bool:
        polite = super().stop(deadline)
        return self.epmd.stop() and polite

    def kill(self) -> None:
        super().kill()
        self.epmd.kill()
