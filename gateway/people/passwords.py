"""Passwords that people choose for themselves: what is taken, and how it is hashed beside the event loop."""

import asyncio
from typing import Final

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.passwords import hashed, matches, unmatched
from gateway.people.record import Contact
from redaction.personal import Purpose, Secret

SHORTEST: Final = 12
LONGEST: Final = 256
_FEWEST_KINDS: Final = 5
"""Different characters."""
AT_ONCE: Final = 2
MOST_WAITING: Final = 32


class Busy(Exception):
    """So many passwords are being compared that one more would wait too long."""


def check_password(password: Secret, contact: Contact) -> None:
    """Raises InvalidSetting, without a word of what was given."""
    said = password.reveal(Purpose.CREDENTIAL)
    if not SHORTEST <= len(said) <= LONGEST or len(set(said)) < _FEWEST_KINDS:
        raise InvalidSetting(
            f"a password has {SHORTEST} to {LONGEST} characters, of them {_FEWEST_KINDS} different ones"
        )
    own = {contact.email.reveal(Purpose.CREDENTIAL), contact.name.reveal(Purpose.CREDENTIAL)}
    own |= {each.partition("@")[0] for each in own}
    if any(len(each) > 3 and each.casefold() in said.casefold() for each in own):
        raise InvalidSetting("a password does not hold the name or the e-mail address of whose it is")


async def hashed_apart(password: Secret) -> str:
    """The Argon2id hash, made in a thread."""
    return await asyncio.to_thread(hashed, password)


class Comparing:
    """Compares passwords in threads, few at a time: each takes 19 MiB and 20 ms of a core."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = ""

    async def matches(self, stored: str, password: Secret) -> bool:
        """Whether this is the password. stored: its hash; "" for nobody's, which takes as long and never fits.

        Raises Busy.
        """
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turns:
                if not self._nobodys:
                    self._nobodys = await asyncio.to_thread(unmatched)
                fits = await asyncio.to_thread(matches, stored or self._nobodys, password)
                return fits and bool(stored)
        finally:
            self._waiting -= 1
