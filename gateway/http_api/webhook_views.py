"""What is answered of endpoints, to customers and to who administers."""

from msgspec import Struct

from gateway.model.times import rfc3339
from gateway.webhooks.connection import Answer, Result, reason_of
from gateway.webhooks.endpoint import OVERLAP_MS, OtherSecret
from redaction.personal import Purpose


class TrialView(Struct, frozen=True, kw_only=True):
    """status: that was answered; null where nothing was. why: in fixed words, where it did not succeed."""

    success: bool
    status: int | None
    why: str | None


class NewSecretView(Struct, frozen=True, kw_only=True):
    """secret: shown this once. former_until: as long the one of before signs beside it."""

    secret: str
    former_until: str

    def __repr__(self) -> str:
        return "NewSecretView(•••)"


def trial_view(result: Result) -> TrialView:
    is_success = isinstance(result, Answer) and result.is_success
    return TrialView(
        success=is_success,
        status=result.status if isinstance(result, Answer) else None,
        why=None if is_success else reason_of(result),
    )


def secret_view(other: OtherSecret, now_ms: int) -> NewSecretView:
    """now_ms: when it was made."""
    return NewSecretView(secret=other.fresh.reveal(Purpose.CREDENTIAL), former_until=rfc3339(now_ms + OVERLAP_MS))
