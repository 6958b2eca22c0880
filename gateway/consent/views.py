"""What one person permitted and stopped, as it is shown to whoever presents the number."""

from collections.abc import Mapping

from gateway.consent.desk import Standing
from gateway.consent.rows import Consent, Suppression
from gateway.consent.wordings import Wording, shown
from gateway.model.times import rfc3339


def consent_view(standing: Standing, wordings: Mapping[bytes, Wording]) -> dict[str, object]:
    """wordings: of the customer; each that a consent names comes along once."""
    used = {each.proof.wording for each in standing.consents}
    return {
        "consents": [_consent(each) for each in standing.consents],
        "suppressions": [_suppression(each) for each in standing.suppressions],
        "wordings": {shown(digest): _wording(each) for digest, each in wordings.items() if digest in used},
        "unreadable": standing.unreadable,
    }


def _consent(consent: Consent) -> dict[str, object]:
    proof = consent.proof
    return {
        "purpose": consent.purpose,
        "option": consent.option or None,
        "state": "given" if consent.is_given else "withdrawn",
        "channel": proof.channel,
        "given_at": rfc3339(proof.given_ms) if proof.given_ms else None,
        "means": proof.means.value,
        "wording": shown(proof.wording) or None,
        "evidence": proof.evidence.hex() or None,
        "prior_interaction": proof.prior,
        "import": proof.file.hex() or None,
        "withdrawn_at": rfc3339(proof.withdrawn_ms) if proof.withdrawn_ms else None,
        "withdrawn_by": proof.withdrawn_by or None,
    }


def _suppression(suppression: Suppression) -> dict[str, object]:
    return {
        "scope": suppression.scope,
        "source": suppression.source.value,
        "since": rfc3339(suppression.since_ms),
        "until": rfc3339(suppression.until_ms) if suppression.until_ms else None,
    }


def _wording(wording: Wording) -> dict[str, object]:
    return {
        "name": wording.name,
        "version": wording.version,
        "arabic": wording.arabic,
        "english": wording.english,
        "sha256": wording.digest.hex(),
    }
