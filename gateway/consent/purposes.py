"""Words by which consents and suppressions say what they are about.

A consent is given for a purpose, and within it for an option, which is the customer's own word or a sender of its;
without one it covers the purpose. A suppression is of all of a customer's messages, of one sender's, or of one purpose.
"""

from typing import Final

from gateway.model.message import MessageClass
from gateway.model.senders import sender_key

PURPOSES: Final = (MessageClass.PROMOTIONAL.value, MessageClass.AWARENESS.value)
"""What consent is asked for; each is the class of the messages too."""
NEEDING: Final = frozenset(map(MessageClass, PURPOSES))
"""Classes that need consent, and that suppressions stop (IR 28). All others never wait for a look-up."""
ALL: Final = "all"
_SENDER: Final = "sender:"
_PURPOSE: Final = "purpose:"
_BETWEEN: Final = "\0"
LONGEST_OPTION: Final = 32


_LINKED: Final = (ALL, *PURPOSES)
"""What a stop link may be about, by the number that it holds."""


def link_number(purpose: str) -> int:
    """The number of a purpose in a stop link."""
    return _LINKED.index(purpose)


def scope_of_link(number: int) -> str | None:
    """What a link with this number stops; None for one of a later version."""
    if number >= len(_LINKED):
        return None
    return ALL if number == 0 else purpose_scope(_LINKED[number])


def consent_word(purpose: str, option: str = "") -> str:
    """The word of the row that holds this consent."""
    return f"{purpose}{_BETWEEN}{option_key(option)}" if option else purpose


def purpose_and_option(word: str) -> tuple[str, str]:
    """Of such a row."""
    purpose, _, option = word.partition(_BETWEEN)
    return purpose, option


def option_key(option: str) -> str:
    """The one spelling of an option, which may be a sender."""
    return sender_key(option.strip()).casefold()


def is_option(option: str) -> bool:
    """Whether an option can be one."""
    return not option or (len(option) <= LONGEST_OPTION and option.isprintable() and bool(option.strip()))


def sender_scope(sender: str) -> str:
    return f"{_SENDER}{option_key(sender)}"


def purpose_scope(purpose: str) -> str:
    return f"{_PURPOSE}{purpose}"


def scope_of(written: str) -> str | None:
    """A scope as it is written: `all`, `purpose:promotional`, `sender:NAME`; None for what is none."""
    if written == ALL:
        return ALL
    if written.startswith(_SENDER) and is_option(name := written[len(_SENDER) :]) and name:
        return sender_scope(name)
    if written.startswith(_PURPOSE) and written[len(_PURPOSE) :] in PURPOSES:
        return written
    return None
