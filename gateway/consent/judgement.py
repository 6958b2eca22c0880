"""What rows of a person mean for one message. Pure: no clock, no store."""

from collections.abc import Sequence
from typing import Final

from gateway.consent.purposes import ALL, consent_word, purpose_scope, sender_scope
from gateway.ledger.permissions import Permission
from gateway.model.verdict import Severity, Verdict

RULE: Final = "consent"
MISSING: Final = Verdict(code="consent_missing", severity=Severity.REFUSE, rule=RULE, cite="IR 28", field="to")
WITHDRAWN: Final = Verdict(code="consent_withdrawn", severity=Severity.REFUSE, rule=RULE, cite="IR 12", field="to")
SUPPRESSED: Final = Verdict(code="suppressed", severity=Severity.REFUSE, rule=RULE, cite="IR 28", field="to")
UNKNOWN: Final = Verdict(code="ledger_unavailable", severity=Severity.REFUSE, rule=RULE, retry_after_s=1)
"""Nothing can be looked up now, so nothing that needs consent is taken."""


def judge(
    consents: Sequence[Permission], suppressions: Sequence[Permission], purpose: str, sender: str, now_ms: int
) -> tuple[Verdict | None, Permission | None]:
    """What stands in the way of a message of this purpose from this sender, if anything does; and the consent that
    covers it otherwise.

    A suppression decides before any consent. Of consents for the purpose and for the sender the one that was said last
    holds, and of two at one time the refusal.
    """
    scopes = (ALL, purpose_scope(purpose), sender_scope(sender)) if suppressions else ()
    if any(row.word in scopes and not 0 < row.ends_ms <= now_ms for row in suppressions):
        return SUPPRESSED, None
    words = (consent_word(purpose), consent_word(purpose, sender))
    covering = [row for row in consents if row.word in words and row.ends_ms > now_ms]
    if not covering:
        return MISSING, None
    last = max(covering, key=lambda row: (row.changed_ms, row.stands_in_the_way))
    return (WITHDRAWN, None) if last.stands_in_the_way else (None, last)
