"""A state whose secrets were handed over, and questions about it."""

from os import urandom

from redaction.custodian import PublicKey
from redaction.keys import KeyState
from redaction.personal import Msisdn
from redaction.questions import question, seal_question

CUSTOMER = 7
EPOCH = 83_333
NUMBER = Msisdn("966512345678", 966)


def handed(key: PublicKey) -> KeyState:
    state = KeyState()
    state.ensure_customer(CUSTOMER, urandom)
    state.ensure_secret("search", EPOCH, urandom, tag="otp")
    state.set_custodian(key, 0)
    return state


def sealed(state: KeyState, key: PublicKey, *numbers: Msisdn, case: str = "R-1") -> bytes:
    return seal_question(question(state, case, numbers or [NUMBER], [CUSTOMER], 0, 1 << 45), key)
