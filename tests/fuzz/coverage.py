"""The fuzz targets under atheris, which follows the code: `python -m tests.fuzz.coverage session -max_total_time=300`.

The first word is a target of `targets.TARGETS`; the rest goes to libFuzzer. atheris is not among the requirements:
`pip install atheris` in the virtual environment (it has wheels for Linux on x86-64; docs/fuzzing.md).
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["operators"]):
    from operators.smpp import framing, receipt, session  # noqa: F401  instrumented before the targets import them
    from tests.fuzz import targets
from tests.fuzz.corpus import FRAMES, RECEIPTS


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in targets.TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.coverage {'|'.join(targets.TARGETS)} [libFuzzer options]")
    target = targets.TARGETS[sys.argv.pop(1)]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate((*FRAMES, *RECEIPTS, b"".join(FRAMES))):
            (Path(corpus) / f"{number:03}").write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
