"""A package without the web app is no package: hatchling asks here before it builds one."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "src/tidework/web/dist/index.html"


class WebAppBuilt(BuildHookInterface[Any]):
    """Refuses to build a package without the app; an editable one needs none."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise `RuntimeError` when the app is missing."""
        del build_data
        if version != "editable" and not (Path(self.root) / PAGE).exists():
            raise RuntimeError("The web app is not built. Run `make web`, then build the package.")
