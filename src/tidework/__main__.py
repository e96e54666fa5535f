"""`python -m tidework`."""

from tidework.cli import main

if __name__ == "__main__":
    main()
