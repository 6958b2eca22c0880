"""What a message costs that comes by a façade, beside one by our own API: in turns, on one gateway."""

import statistics
from typing import Final

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Threshold, Window
from benchmarks.following import Watch
from benchmarks.scenarios import WARM_UP, Options
from benchmarks.targets import GatewayTarget, Hook
from gateway.http_api.facades.twilio.sids import account_sid

FACADES: Final = {"kannel": "202", "twilio": "201"}
"""By name, the status of an answer to a message that is taken."""
WANTED: Final = 1.25
"""A message by a façade costs that many times one by our own API, at the most."""


class FacadeTarget(GatewayTarget):
    """A gateway with this façade switched on, and a key for it. by_facade: what its next requests are."""

    def __init__(self, engine: Engine, facade: str, options: Options) -> None:
        settings = f"\n[http.facades]\n{facade} = true\n"
        super().__init__(FOLDER, engine, settings=settings, python=options.python)
        self._facade = facade
        self._key = ""

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        super().start(smsc_port, hook)
        self._key = self.changed("key", "add", self.stage.customer, "--facade", self._facade)["key"]
        if self._facade == "twilio":
            self._key = f"{account_sid(self.stage.customer)}:{self._key}"

    def turn(self, *, by_facade: bool) -> None:
        """For windows from now on."""
        self.shape = f"facade-{self._facade}" if by_facade else "message"
        self.good_status = FACADES[self._facade] if by_facade else "202"

    @property
    def secret(self) -> str:
        return self.stage.key if self.shape == "message" else self._key


def facade(name: str, engine: Engine, options: Options, watch: Watch) -> Result:
    """Closed loops in turns; `closed` has those by the façade, and the note says what they cost beside the others."""
    target = FacadeTarget(engine, name, options)
    own: list[Window] = []
    theirs: list[Window] = []
    with standing(Bench(target, Plan(), watch)) as bench:
        for number in range(options.runs + 1):
            messages = options.messages if number else min(WARM_UP, options.messages)
            for windows, by_facade in ((own, False), (theirs, True)):
                target.turn(by_facade=by_facade)
                windows.append(bench.window(messages, name=f"{'façade' if by_facade else 'own API'} {number}"))
        checked = bench.check()
    mine, other = (statistics.median(each.cpu_us[target.name] for each in windows[1:]) for windows in (own, theirs))
    return Result(
        scenario=f"facade-{name}",
        target=target.name,
        engine=engine.name,
        closed=theirs[1:],
        checked=checked,
        build=target.build,
        notes=[f"CPU of a message {other:.0f} µs by {name}, {mine:.0f} µs by our own API"],
        thresholds=[
            Threshold(
                result=f"facade-{name}",
                text=f"a message costs {WANTED} times one by our own API at most",
                value=f"{other / mine:.2f} times",
                met=other <= WANTED * mine,
            )
        ],
    )
