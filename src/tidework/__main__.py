"""`python -m tidework`, and the command `tidework`: light, so that an interrupt is told in one line also
while the rest is still being imported.
"""

import importlib
import sys
from typing import Final

INTERRUPTED: Final = 130


def main() -> None:
    """Run the command that the arguments of the process ask for, and exit."""
    try:
        code: int = importlib.import_module("tidework.cli").run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("tidework: interrupted; what was written before stays\n")
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
