"""The gateway beside what it is measured against: the same messages, generators and SMSC, one after the other.

Without anybody to tell: the gateway, the bare proxy, Kannel without delivery reports, which does less than the gateway
(it asks for no receipts). With somebody to tell: the gateway with webhooks, Kannel with delivery reports over HTTP.
"""

from collections.abc import Callable, Iterator

import msgspec

from benchmarks.bench import FOLDER, Plan, Watch
from benchmarks.engines import Engine
from benchmarks.figures import Result
from benchmarks.kannel import KannelMissing, KannelTarget, program
from benchmarks.scenarios import SCENARIOS, Options, gateway_run, run
from benchmarks.targets import ProxyTarget

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
        if kannel_installed(say):
            yield run(name, KannelTarget(FOLDER), Plan(told=told), same, watch)


def kannel_installed(say: Say) -> bool:
    try:
        program("bearerbox"), program("smsbox")
    except KannelMissing as missing:
        say(str(missing))
        return False
    return True
