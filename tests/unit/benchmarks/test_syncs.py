"""What a process forces to disk is counted, and what its children do, whatever environment they are given."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.syncs import Syncs

FORCES = "import os, sys; os.fsync(os.open(sys.argv[1], os.O_RDONLY))"
STARTS = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]], env={}, check=True)"


def test_a_child_with_an_environment_of_its_own_counts_as_well(tmp_path: Path) -> None:
    syncs = Syncs(tmp_path)
    environ = {**os.environ, **syncs.environ()}
    for code in (FORCES, STARTS):
        subprocess.run([sys.executable, "-c", code, str(tmp_path), FORCES], env=environ, check=True)
    assert syncs.count() in (None, 2)  # None where there is no C compiler
