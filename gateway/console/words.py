"""What values of the API are called on pages, and by which shape their state is shown."""

from collections.abc import Mapping
from typing import Final

from gateway.html.words import N_

GOOD: Final = "good"
WARN: Final = "warn"
BAD: Final = "bad"
OFF: Final = "off"

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "up": (GOOD, N_("up")),
    "connecting": (WARN, N_("connecting")),
    "down": (BAD, N_("down")),
    "paused": (OFF, N_("paused")),
    "draining": (WARN, N_("draining")),
    "on": (GOOD, N_("on")),
    "off": (OFF, N_("off")),
    "stopped": (OFF, N_("stopped")),
    "blocked_contract": (BAD, N_("blocked: its contract")),
    "blocked_transfer": (BAD, N_("blocked: transfers")),
    "open": (WARN, N_("open")),
    "half_open": (WARN, N_("trying again")),
    "closed": (GOOD, N_("closed")),
    "enabled": (GOOD, N_("enabled")),
    "disabled": (OFF, N_("disabled")),
    "active": (GOOD, N_("active")),
    "requested": (WARN, N_("requested")),
    "live": (GOOD, N_("live")),
    "expired": (OFF, N_("expired")),
    "revoked": (OFF, N_("revoked")),
    "left": (OFF, N_("left")),
    "accepted": (OFF, N_("accepted")),
    "queued": (WARN, N_("queued")),
    "submitted": (OFF, N_("submitted")),
    "delivered": (GOOD, N_("delivered")),
    "undelivered": (BAD, N_("undelivered")),
    "rejected": (BAD, N_("rejected")),
    "suppressed": (WARN, N_("suppressed")),
    "failed": (BAD, N_("failed")),
    "unknown": (WARN, N_("unknown")),
    "cancelled": (OFF, N_("cancelled")),
    "received": (GOOD, N_("received")),
    "awaiting_proof": (WARN, N_("awaiting proof")),
    "restricted": (WARN, N_("restricted")),
    "in_progress": (WARN, N_("in progress")),
    "answered": (GOOD, N_("answered")),
    "refused": (OFF, N_("refused")),
    "used": (OFF, N_("used")),
    "withdrawn": (OFF, N_("withdrawn")),
    "placing": (WARN, N_("being placed")),
    "standing": (WARN, N_("standing")),
    "released": (OFF, N_("released")),
    "granted": (GOOD, N_("granted")),
    "running": (WARN, N_("running")),
    "done": (GOOD, N_("done")),
    "ready": (GOOD, N_("ready")),
    "applied": (GOOD, N_("applied")),
    "silent": (BAD, N_("silent")),
}
"""By the API's word: the shape, and what it is called."""

STEPS: Final[Mapping[str, str]] = {
    "accepted": N_("Accepted"),
    "received": N_("Received"),
    "scheduled": N_("Scheduled"),
    "routed": N_("Routed"),
    "submitted": N_("Handed to the operator"),
    "tried, and will be again": N_("Tried, and will be tried again"),
    "held: the customer is disabled": N_("Held: the customer is paused"),
    "delivered": N_("Delivered"),
    "undelivered": N_("Undelivered"),
    "expired": N_("Expired"),
    "rejected": N_("Rejected"),
    "suppressed": N_("Suppressed"),
    "failed": N_("Failed"),
    "unknown": N_("Unknown"),
    "cancelled": N_("Cancelled"),
}
"""Of a message's timeline."""

MASKED: Final[Mapping[str, str]] = {
    "mobile": N_("mobile numbers"),
    "number": N_("other numbers"),
    "national_id": N_("national ids"),
    "iban": N_("IBANs"),
    "card": N_("cards"),
    "email": N_("e-mail addresses"),
    "otp": N_("codes"),
}
"""What was taken out of what somebody wrote, by the API's word."""

CHANGES: Final[Mapping[str, str]] = {
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "phone": N_("Telephone"),
    "roles": N_("Roles"),
    "disabled": N_("Disabled or enabled"),
    "password": N_("Password"),
    "totp": N_("Authenticator"),
    "passkeys": N_("Passkeys"),
}
"""What was changed of an account, by the API's word."""

ROLES: Final[Mapping[str, str]] = {
    "owner": N_("Owner"),
    "developer": N_("Developer"),
    "support": N_("Support"),
    "viewer": N_("Viewer"),
    "operations": N_("Operations"),
    "privacy_officer": N_("Privacy officer"),
    "auditor": N_("Auditor"),
    "key_custodian": N_("Key custodian"),
    "customer_owner": N_("Owner at a customer"),
    "customer_developer": N_("Developer at a customer"),
    "customer_support": N_("Support at a customer"),
    "customer_viewer": N_("Viewer at a customer"),
    "customer_privacy_officer": N_("Privacy officer at a customer"),
    "customer_auditor": N_("Auditor at a customer"),
}

PROBLEMS: Final[Mapping[str, str]] = {
    "not_found": N_("There is nothing under this address."),
    "not_allowed": N_("Your role does not allow this."),
    "form_token_missing": N_("This form is no longer valid. Load the page again."),
    "sign_in_refused": N_("That is not right, or not all of it. Try again."),
    "sign_in_locked": N_("Too many attempts. Wait some minutes before the next one."),
    "overloaded": N_("Too much at once. Try again in a moment."),
    "version_stale": N_("Somebody changed this meanwhile. See how it stands now, and try again."),
    "changed_meanwhile": N_("Somebody changed this meanwhile. See how it stands now, and try again."),
    "ledger_unavailable": N_("The store of messages does not answer. Try again in a moment."),
    "keys_unavailable": N_("The keys cannot be had just now. Try again in a moment."),
    "stopping": N_("This node is stopping. Try again in a moment."),
    "invalid_value": N_("This value cannot be taken."),
    "invalid_number": N_("This is no number of a telephone."),
    "missing_field": N_("Something is missing."),
    "wrong_type": N_("This value has the wrong form."),
    "field_too_long": N_("This is too long."),
    "unsupported_media_type": N_("This is no form of ours."),
    "body_too_large": N_("This is too long."),
    "password_weak": N_("This password is too short or too well known."),
    "request_closed": N_("This has been decided, or its time is over."),
    "proof_missing": N_("Who asks has not proved yet to be the person."),
    "case_closed": N_("The case is over."),
    "ticket_closed": N_("The ticket is closed. Open another one."),
    "ticket_full": N_("As much as can be has been written in this ticket. Open another one."),
    "too_many_tickets": N_("There are too many tickets open. Close one first."),
    "case_state": N_("The case stands where this cannot be done."),
    "too_many_tasks": N_("There are too many tasks under way. Wait until one has ended."),
    "passkeys_off": N_("Passkeys are not set up here."),
    "method_not_allowed": N_("This address does not take that."),
}
"""Of refusals, by their code; of others the API's own title is shown, in English."""


def state_of(word: str) -> tuple[str, str]:
    """The shape of a state and what it is called; a word that is not known is shown as it is."""
    return STATES.get(word, (OFF, word))
