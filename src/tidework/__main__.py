"""`python -m tidework`, and the command `tidework`: light, so that an interrupt is told in one line also
while the rest is still being imported.
"""

import gc
import importlib
import sys
from typing import Final

INTERRUPTED: Final = 130


def main() -> None:
    """Run the command that the arguments of the process ask for, and exit."""
    # As rarely as that, since what is imported stays: looking at it takes a fifth of the time to import it.
    gc.set_threshold(50_000, 20, 100)
    try:
        code: int = importlib.import_module("tidework.cli").run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("tidework: interrupted; what was written before stays\n")
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
