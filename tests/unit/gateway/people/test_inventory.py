"""What is declared of people's documents is what is stored in them (P-07)."""

from collections.abc import Iterator

import msgspec
import pytest

from gateway.people import record, requests, sessions, signins, tokens
from gateway.people.locks import Lock
from redaction.document_inventory import DOCUMENTS
from redaction.inventory import INVENTORY, Form
from tests.unit.gateway.people.office import KINDS

TYPES: dict[str, type[msgspec.Struct]] = {
    "person": record._Stored,
    "session": sessions._Stored,
    "signin": signins._Stored,
    "lock": Lock,
    "request": requests._Stored,
    "token": tokens._Stored,
}
"""What the octets of each kind are; those of the others are one value."""


def stored() -> Iterator[str]:
    for kind in KINDS:
        yield f"{kind}.key"
        fields = TYPES[kind].__struct_fields__ if kind in TYPES else ("octets",)
        yield from (f"{kind}.{field}" for field in fields)


@pytest.mark.policy("P-07")
def test_every_field_of_a_document_is_declared_and_no_other() -> None:
    assert set(stored()) == {name for name in DOCUMENTS if name.partition(".")[0] in KINDS}
    assert not DOCUMENTS.keys() & INVENTORY.keys()


@pytest.mark.policy("P-03")
def test_what_says_who_somebody_is_is_sealed_or_a_digest() -> None:
    sealed = {name for name, field in DOCUMENTS.items() if field.form is Form.SEALED}
    assert sealed >= {"person.standing", "person.contact", "person.credentials", "signin.address", "request.reason"}
    assert DOCUMENTS["person_name.key"].form is DOCUMENTS["session.key"].form is Form.DIGEST


def test_every_field_says_what_it_means() -> None:
    assert all(field.meaning and field.name == name for name, field in DOCUMENTS.items())
