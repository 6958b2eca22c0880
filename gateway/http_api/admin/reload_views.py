"""How a reload is told: what each process says would change, was taken over, or is wrong."""

from msgspec import Struct


class ChangeView(Struct, frozen=True, kw_only=True):
    """A setting that differs, without its value. live: a running node takes it over; otherwise it needs a restart."""

    setting: str
    what: str
    live: bool


class ProblemLine(Struct, frozen=True, kw_only=True):
    """Something wrong with the settings of a process, or that needs a restart (`restart_needed`). line: 0 for none."""

    code: str
    setting: str
    file: str
    line: int
    message: str


class ProcessReload(Struct, frozen=True, kw_only=True):
    """process: node and worker. state: `ready`, `refused`, `applied`, or `silent` where nothing is known of it.

    left_off: further changes and problems that there was no room for.
    """

    process: str
    state: str
    changes: list[ChangeView]
    problems: list[ProblemLine]
    left_off: int = 0


class LookView(Struct, frozen=True):
    """What a reload would do."""

    processes: list[ProcessReload]


class ReloadView(Struct, frozen=True, kw_only=True):
    """applied: by all processes; otherwise none has taken anything over."""

    applied: bool
    processes: list[ProcessReload]
