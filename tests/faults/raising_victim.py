"""A process that raises a key store to the present layout and dies.

`python -m tests.faults.raising_victim PLACE URL PREFIX WRITES`, as `destruction_victim` understands the words.
"""

import sys
from pathlib import Path

from tests.faults.destruction_victim import Clock, Deadline, keys_of, watch


def main(place: Path, url: str, prefix: str, writes: int) -> None:
    deadline = Deadline(writes)
    watch(deadline)
    store = keys_of(place, url, prefix, Clock())
    deadline.armed = True
    store.open(create=False)
    deadline.armed = False
    store.close()
    print(deadline.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
