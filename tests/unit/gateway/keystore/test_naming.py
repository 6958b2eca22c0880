"""Since when people can be named."""

from os import urandom

from gateway.keystore.naming import named_since_ms
from redaction.custodian import X25519, new_private
from redaction.keys import KeyState
from redaction.retention import OTP
from redaction.search_epochs import EPOCH_MS, FORMER_EPOCH_MS


def test_people_are_named_since_the_oldest_secret_that_is_there() -> None:
    state = KeyState()
    assert named_since_ms(state, 7) is None
    state.ensure_customer(7, urandom)
    for epoch in (83_335, 83_334):
        state.ensure_secret("search", epoch, urandom, tag=OTP)
    assert named_since_ms(state, 7) == 83_334 * EPOCH_MS
    state.ensure_secret("search", 230, urandom)
    assert named_since_ms(state, 7) == 230 * FORMER_EPOCH_MS
    assert named_since_ms(state, 8) is None
    state.set_custodian(new_private(X25519).public(), 0)
    state.hand_over(OTP, 83_334, urandom, now_ms=0)
    assert named_since_ms(state, 7) == 83_335 * EPOCH_MS
    assert named_since_ms(state, 8) is None
