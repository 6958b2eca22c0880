"""Where a case stands, and which steps lead on from there: one table.

received → awaiting_proof → open → restricted → in_progress → answered → closed
                └ expired      └ refused → closed
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.model.refusals import Refusal


class Kind(enum.StrEnum):
    """What is asked, or what happened. All but the last three are people's requests."""

    ACCESS = "access"
    COPY = "copy"
    CORRECTION = "correction"
    ERASURE = "erasure"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    COMPLAINT = "complaint"
    BREACH = "breach"
    DISCLOSURE = "disclosure"


REQUESTS: Final = frozenset(Kind) - {Kind.COMPLAINT, Kind.BREACH, Kind.DISCLOSURE}
"""They need proof of who asks."""


class Channel(enum.StrEnum):
    """How it came."""

    PAGE = "page"
    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"
    LETTER = "letter"
    API = "api"
    CUSTOMER = "customer"


class Proof(enum.StrEnum):
    """By what somebody is believed to be the person."""

    CODE = "code"
    LOGIN = "login"
    DOCUMENT_SEEN = "document_seen"
    CUSTOMER_VOUCHES = "customer_vouches"


class Reason(enum.StrEnum):
    """Why a case is refused."""

    REPETITIVE = "repetitive"
    UNFOUNDED = "unfounded"
    DISPROPORTIONATE = "disproportionate"
    NOT_OURS = "not_ours"
    HELD = "held"
    WITHDRAWN = "withdrawn"  # who asked took it back


class Delay(enum.StrEnum):
    """Why the answer takes longer."""

    EFFORT = "effort"  # it takes disproportionate effort
    MANY = "many_requests"  # of the same person


class State(enum.StrEnum):
    RECEIVED = "received"
    AWAITING_PROOF = "awaiting_proof"
    OPEN = "open"
    RESTRICTED = "restricted"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    EXPIRED = "expired"
    REFUSED = "refused"


class Step(enum.StrEnum):
    """What is done to a case."""

    ASK_PROOF = "ask_proof"
    PROVE = "prove"
    EXPIRE = "expire"
    RESTRICT = "restrict"
    BEGIN = "begin"
    ANSWER = "answer"
    EXTEND = "extend"
    REFUSE = "refuse"
    CLOSE = "close"


UNPROVEN: Final = frozenset({State.RECEIVED, State.AWAITING_PROOF})
OVER: Final = frozenset({State.CLOSED, State.EXPIRED})
DECIDED: Final = OVER | {State.ANSWERED, State.REFUSED}
"""No clock runs any more."""
_UNDER_WAY: Final = (State.OPEN, State.RESTRICTED, State.IN_PROGRESS)


def _to(state: State, *before: State) -> Mapping[State, State]:
    return MappingProxyType(dict.fromkeys(before, state))


MOVES: Final[Mapping[Step, Mapping[State, State]]] = MappingProxyType(
    {
        Step.ASK_PROOF: _to(State.AWAITING_PROOF, *UNPROVEN),
        Step.PROVE: _to(State.OPEN, *UNPROVEN),
        Step.EXPIRE: _to(State.EXPIRED, *UNPROVEN),
        Step.RESTRICT: _to(State.RESTRICTED, State.OPEN),
        Step.BEGIN: _to(State.IN_PROGRESS, *_UNDER_WAY),
        Step.ANSWER: _to(State.ANSWERED, *_UNDER_WAY),
        Step.EXTEND: MappingProxyType({each: each for each in _UNDER_WAY}),
        Step.REFUSE: _to(State.REFUSED, *UNPROVEN, State.OPEN, State.RESTRICTED),
        Step.CLOSE: _to(State.CLOSED, State.ANSWERED, State.REFUSED),
    }
)
"""Of each step, from which state to which. What is not here is refused."""


def first_state(kind: Kind, proof: Proof | None) -> State:
    return State.OPEN if proof is not None or kind not in REQUESTS else State.RECEIVED


def after(state: State, step: Step) -> State:
    """The state that a step leads to. Raises Refusal: `case_closed`, `proof_missing`, or `case_state`."""
    found = MOVES[step].get(state)
    if found is not None:
        return found
    if state in OVER:
        raise Refusal("case_closed")
    raise Refusal("proof_missing" if state in UNPROVEN else "case_state")
