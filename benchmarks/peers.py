"""The gateway beside what it is measured against: the same messages, generators and SMSC, one after the other.

Without anybody to tell: the gateway, the bare proxy, Kannel and Jasmin without delivery reports, which do less than the
gateway (they ask for no receipts). With somebody to tell: the gateway with webhooks, Kannel with delivery reports over
HTTP. Peers that are not installed are left out, and said so.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from benchmarks.bench import FOLDER, Plan
from benchmarks.engines import Engine
from benchmarks.figures import Result
from benchmarks.following import Watch
from benchmarks.jasmin import JasminMissing, JasminTarget, programs
from benchmarks.kannel import KannelMissing, KannelTarget, program
from benchmarks.scenarios import SCENARIOS, Options, gateway_run, run
from benchmarks.targets import ProxyTarget

SLOWER: Final = 8
"""Jasmin gets so many times fewer messages, so that a run of it takes as long."""
Say = Callable[[str], None]


def measured(engine: Engine, options: Options, watch: Watch, say: Say) -> Iterator[Result]:
    """Each result as it is there. Open loops run at the same rates for all: what the gateway's capacity gave."""
    for name, told in (("http", False), ("webhooks", True)):
        own = gateway_run(SCENARIOS[name], engine, options, watch)
        yield own
        rates = tuple(dict.fromkeys(window.rate_per_s for window in own.open))
        same = msgspec.structs.replace(options, rates_per_s=rates, profile=False)
        if not told:
            yield run(name, ProxyTarget(), Plan(), same, watch)
        if is_there(lambda: (program("bearerbox"), program("smsbox")), say):
            yield run(name, KannelTarget(FOLDER), Plan(told=told), same, watch)
        if not told and is_there(programs, say):
            fewer = msgspec.structs.replace(same, messages=max(1, options.messages // SLOWER))
            yield run(name, JasminTarget(FOLDER), Plan(), fewer, watch)


def is_there(look: Callable[[], object], say: Say) -> bool:
    """Whether a peer is installed; if not, what is missing is said."""
    try:
        look()
    except (KannelMissing, JasminMissing) as missing:
        say(str(missing))
        return False
    return True
