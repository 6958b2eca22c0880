"""What a person means who writes one of the words that stop, start or ask for help, in Arabic or English.

A word counts when it is the whole message, alone or with the customer's own keyword or the name of a sender behind or
before it. A longer sentence that holds such a word is none, and is counted by whoever asks.
"""

import enum
from collections.abc import Collection
from typing import Final

import msgspec

from redaction.personal import MessageText, Purpose
from redaction.plain_text import plain as folded


class Wish(enum.StrEnum):
    """What a word asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"


class Said(msgspec.Struct, frozen=True):
    """wish: None for a message that is no such word. arabic: in which language. sender: '' where none is named.
    holds_stop: a sentence in which a word of stopping stands.
    """

    wish: Wish | None
    arabic: bool = False
    sender: str = ""
    holds_stop: bool = False


NOTHING: Final = Said(None)
LONGEST: Final = 160
"""Characters; of more no message is one of the words."""

_STOP: Final = "قف ايقاف الغاء توقف stop unsubscribe cancel end quit stopall optout opt-out remove"
_START: Final = "ابدا اشتراك start yes unstop"
_HELP: Final = "مساعده help info"
_PHRASES: Final = {"الغاء الاشتراك": Wish.STOP, "opt out": Wish.STOP, "stop all": Wish.STOP, "opt in": Wish.START}
_FOLDED: Final = str.maketrans("أإآٱىةؤئ", "اااا" + "ي" + "\u0647" + "وي", "ـ")
_AROUND: Final = " .,;:!?-_#*\"'()،؛؟@\0"


def plain(text: str) -> str:
    """The one spelling that words are compared in: no vowel signs, tatweel, invisible marks or case; forms of hamza,
    of ya and of ta marbuta are one; digits are ASCII; blanks are single.
    """
    letters = folded(text).translate(_FOLDED)
    return " ".join(letters.casefold().split()).strip(_AROUND)


_WORDS: Final = {
    **{plain(word): Wish.STOP for word in _STOP.split()},
    **{plain(word): Wish.START for word in _START.split()},
    **{plain(word): Wish.HELP for word in _HELP.split()},
}
_ALL: Final = {**_WORDS, **{plain(phrase): wish for phrase, wish in _PHRASES.items()}}


def read(text: str, keyword: Collection[str] = (), senders: Collection[str] = ()) -> Said:
    """keyword: the customer's own words at this number. senders: its registered names."""
    if len(text) > LONGEST:
        return NOTHING
    said = plain(text)
    wish = _ALL.get(said)
    if wish is not None:
        return Said(wish, _is_arabic(said))
    own = {plain(each): "" for each in keyword} | {plain(each): each for each in senders}
    for name, sender in own.items():
        for rest in (said.removeprefix(f"{name} "), said.removesuffix(f" {name}")):
            if name and rest != said and (wish := _ALL.get(rest.strip(_AROUND))) is not None:
                return Said(wish, _is_arabic(rest), sender)
    return Said(None, holds_stop=any(_WORDS.get(word.strip(_AROUND)) is Wish.STOP for word in said.split()))


def last_word(text: MessageText) -> str:
    """What stands behind a word that stops, starts or asks for help, where that is one word more; '' for none."""
    said = text.reveal(Purpose.ACCEPT)
    wish, _, last = said.strip().rpartition(" ") if len(said) <= LONGEST else ("", "", "")
    return last if _ALL.get(plain(wish)) is not None else ""


def _is_arabic(text: str) -> bool:
    return any("\u0600" <= each <= "\u06ff" for each in text)
