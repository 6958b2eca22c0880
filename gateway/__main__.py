"""`python -m gateway` is `connect-gateway`."""

import sys

from gateway.process.early import be_calm, have_standard_streams
from gateway.process.overwriting import overwrite_freed
from gateway.process.sqlite_memory import stop_counting


def main() -> None:
    """Run the command line. A process that serves overwrites what it frees, is ready for signals, and has SQLite count
    nothing, before its imports, which take a while.
    """
    have_standard_streams()
    if sys.argv[1:2] == ["serve"]:
        overwrite_freed()
        be_calm()
        stop_counting()
    from gateway.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
