"""What was written down wrong of a consent, and what is right: fields, and never that it was given or withdrawn."""

from typing import Final

import msgspec

from gateway.consent.rows import Consent, Means


class UnknownConsent(LookupError):
    """Nothing is known of such a consent."""


class Corrections(msgspec.Struct, frozen=True, kw_only=True):
    """What is right; None for what stands. given_ms: when it was given. wording: digest of what was agreed to, b"" for
    nothing. prior: whether there was prior interaction.
    """

    given_ms: int | None = None
    means: Means | None = None
    wording: bytes | None = None
    prior: bool | None = None


FIELDS: Final = Corrections.__struct_fields__


def corrected(consent: Consent, right: Corrections) -> tuple[Consent, list[str]]:
    """The consent as it should have been written, and which fields changed."""
    values = {name: getattr(right, name) for name in FIELDS}
    changes = {name: each for name, each in values.items() if each is not None and each != getattr(consent.proof, name)}
    return msgspec.structs.replace(consent, proof=msgspec.structs.replace(consent.proof, **changes)), sorted(changes)
