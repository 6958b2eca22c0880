"""What can go wrong when something is sealed, opened, or looked up among the keys.

    SealError
    ├── KeyDestroyed      a factor is gone: this can never be opened again. Expected after erasure and retention
    ├── KeysWithheld      this node may not use its keys now: the key store is out of reach. Try again
    ├── IntegrityError    the bytes or their context were changed. Raise an alarm
    │   └── WrongKey      the context is as it was, yet the key is another one than the one that sealed
    ├── PurposeRefused    the policy does not let this purpose see this field. Audit it
    ├── UndeclaredField   the policy does not know the field. A programming error
    ├── UnknownVersion    written by another version of the gateway
    ├── WrongRoot         the key store was sealed under another root
    └── Tampered          the key store itself was changed or cut

No message here carries a value, a key or an identifier of a person.
"""

from typing import TypeVar

Error = TypeVar("Error", bound=BaseException)


def alone(error: Error) -> Error:
    """The error without the one that was being handled, whose text may quote anything: `raise alone(...) from None`.

    `from None` does that when interpreted; compiled code passes over it, and setup.py refuses it without this.
    """
    error.__suppress_context__ = True
    return error


class SealError(Exception):
    """Base of everything below."""


class KeyDestroyed(SealError):
    """`factor` says which one is gone: "period", "subject", "customer" or "pepper"."""

    def __init__(self, factor: str) -> None:
        super().__init__(f"the {factor} key is destroyed")
        self.factor = factor


class KeysWithheld(SealError):
    """The keys were taken from this node's memory until it has reached the key store again. Nothing is lost by it."""

    def __init__(self) -> None:
        super().__init__("the keys are withheld: this node has not reached the key store in time")


class IntegrityError(SealError):
    """Sealed bytes, or the row around them, are not what was written."""


class WrongKey(IntegrityError):
    """The key commitment does not match."""


class PurposeRefused(SealError):
    """`field` must not be opened for `purpose` (PRIVACY.md P-08)."""

    def __init__(self, field: str, purpose: str) -> None:
        super().__init__(f"field {field} may not be opened for {purpose}")
        self.field = field
        self.purpose = purpose


class UndeclaredField(SealError):
    """A field that the purpose policy does not list is neither sealed nor opened."""


class UnknownVersion(SealError):
    """The version byte names a form that this gateway cannot read here."""


class WrongRoot(SealError):
    """The key store does not belong to this root."""


class Tampered(SealError):
    """The root is right, yet the key store does not authenticate."""
