"""Whether a group of rules is enforced for a customer: what it says of itself, else what is sure enough of its kind.

A customer that is of no kind yet is only watched: its verdicts are counted and shown to whoever asks, and nothing
follows from them, so that it sees what would before it is switched on.
"""

from collections.abc import Mapping
from enum import StrEnum

from config.rules import Sure


class Mode(StrEnum):
    """off: nobody looks. watch: it is counted and shown. enforce: it holds."""

    OFF = "off"
    WATCH = "watch"
    ENFORCE = "enforce"


def mode_of(group: str, wishes: Mapping[str, str], kind: str, *, sure: Sure, enforced_from: Sure, usual: Mode) -> Mode:
    """wishes: of the customer, by group or for `all`. sure: of the rule. enforced_from: what is less sure is only
    watched. usual: of a customer without a kind.
    """
    wish = wishes.get(group) or wishes.get("all")
    if wish is not None:
        return Mode(wish)
    if not kind:
        return usual
    return Mode.ENFORCE if sure <= enforced_from else Mode.WATCH
