"""On what terms a bind submits. Types alone: `link` takes them over, `reading` goes by them."""

from typing import Final

import msgspec

from gateway.accounts.esme_profile import USUAL, EsmeProfile


class Terms(msgspec.Struct, frozen=True):
    """On what terms a bind submits: its account's profile, and whether its ids are told in their short form."""

    profile: EsmeProfile = USUAL
    short: bool = False


USUAL_TERMS: Final = Terms()
