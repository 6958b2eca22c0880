"""Where the gateway's CPU goes: stacks sampled from outside by py-spy, each counted for one stage of the road.

A sample belongs to the innermost frame whose file is known: what a library does, it does for whoever called it. py-spy
also counts threads that wait for the disk, so the samples of the main thread and those of the others are weighed by the
CPU that each of the two really used, as the system tells it. The sampling run is one of its own, because stopping a
process to look at it costs; its figures are used for nothing else.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psutil

RATE_HZ: Final = 200
MAIN: Final = "MainThread"
STOP_LIMIT_S: Final = 30.0

RECEIPTS: Final = ("receipts/", "settler.py", "inflight.py")

STAGES: Final = (
    ("seal", ("redaction/", "gateway/vault/", "gateway/keystore/", "gateway/process/clock.py")),
    ("webhook", ("gateway/webhooks/",)),
    ("receipt", (*(f"gateway/delivery/{each}" for each in RECEIPTS), "operators/smpp/receipt.py")),
    ("SMPP in", ("gateway/smpp_server/",)),
    ("SMPP out", ("operators/",)),
    ("dispatch", ("gateway/delivery/",)),
    ("commit", ("gateway/ledger/", "gateway/model/message.py")),
    ("parse", tuple(f"gateway/{each}/" for each in ("http_api", "accept", "limits", "accounts", "retention", "model"))),
)
"""First match wins. "parse" is all that stands between the socket and the seal, the answer included."""

OTHER: Final = "loop, sockets"
"""The event loop's own code in C: it reads, writes and waits there, with no frame of ours on top."""
ORDER: Final = (*("parse", "SMPP in", "seal", "commit", "dispatch", "SMPP out", "receipt", "webhook"), OTHER)


class ProfilerMissing(Exception):
    """py-spy is not installed; one line for people."""


class Sampler:
    """Samples one process from `start` to `stop`, which gives the shares."""

    def __init__(self, pid: int, path: Path, *, compiled: bool = False) -> None:
        """compiled: look into frames of C as well."""
        self._native = ("--native",) if compiled else ()
        self._pid = pid
        self._path = path
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises ProfilerMissing."""
        beside = Path(sys.executable).with_name("py-spy")
        program = str(beside) if beside.exists() else shutil.which("py-spy")
        if program is None:
            raise ProfilerMissing("py-spy is not installed: no shares of stages")
        self._before = cpu_by_thread(self._pid)
        words = [program, "record", "--format", "raw", "--full-filenames", "--threads", "--rate", str(RATE_HZ)]
        self._child = subprocess.Popen(
            [*words, *self._native, "--pid", str(self._pid), "--output", str(self._path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> dict[str, float]:
        """Shares of each stage, 0..1, in the order of the road; empty when nothing was sampled."""
        assert self._child is not None
        self._child.send_signal(signal.SIGINT)
        self._child.wait(STOP_LIMIT_S)
        if not self._path.exists():
            return {}
        main, others = (after - before for before, after in zip(self._before, self._after, strict=True))
        return shares(self._path.read_text(encoding="utf-8").splitlines(), main, others)

    def pause(self) -> None:
        """The traffic is over: CPU used after this does not count."""
        self._after = cpu_by_thread(self._pid)


def cpu_by_thread(pid: int) -> tuple[float, float]:
    """Seconds of the main thread, and of all others."""
    threads = psutil.Process(pid).threads()
    main = sum(each.user_time + each.system_time for each in threads if each.id == pid)
    return main, sum(each.user_time + each.system_time for each in threads) - main


def shares(lines: Iterable[str], main_cpu_s: float, others_cpu_s: float) -> dict[str, float]:
    """Of folded stacks: thread and frames, outermost first, joined by semicolons; a blank; a number of samples."""
    main: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for line in lines:
        stack, _, number = line.rpartition(" ")
        thread, *frames = stack.split(";")
        (main if MAIN in thread else others)[stage_of(frames)] += int(number)
    whole = main_cpu_s + others_cpu_s
    if not main or not whole:
        return {}
    weights = ((main, main_cpu_s / whole), (others, others_cpu_s / whole))
    parts = {s: sum(of[s] / (of.total() or 1) * weight for of, weight in weights) for s in ORDER}
    return {stage: part for stage, part in parts.items() if part}


def stage_of(frames: list[str]) -> str:
    """The stage of one stack, outermost frame first."""
    for frame in reversed(frames):
        source = source_of(frame)
        for stage, places in STAGES:
            if any(f"/{place}" in source for place in places):
                return stage
    return OTHER


def source_of(frame: str) -> str:
    """The frame with the source that it stands for: of a compiled function its name is all there is."""
    found = _COMPILED.match(frame)
    if found is None:
        return frame.replace("(openssl.c:", "(/redaction/primitives/openssl.c:")
    words = found[1].split("___")
    names = ("___".join(words[:count]) for count in range(len(words) - 1, 0, -1))
    return next((f"/{_SOURCES[name]}" for name in names if name in _SOURCES), frame)


def _sources() -> dict[str, str]:
    """Paths of compiled modules by the ends of their names, which is how mypyc calls them; none of ends that two share,
    and none outside of a checkout.
    """
    places = (Path(__file__).resolve().parents[1], Path.cwd())
    listed = [path for place in places if (path := place / "compiling" / "modules.txt").exists()]
    text = listed[0].read_text(encoding="utf-8") if listed else ""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    modules = [line for line in lines if line]
    ends = [(path, path.removesuffix(".py").split("/")) for path in modules]
    named = [("___".join(words[-count:]), path) for path, words in ends for count in range(1, len(words) + 1)]
    often = Counter(name for name, _ in named)
    return {name: path for name, path in named if often[name] == 1}


_COMPILED = re.compile(r"CPy(?:Def|Py)_(\w+)")
_SOURCES: Final = _sources()
