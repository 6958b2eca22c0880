"""What is declared of the documents of this room, and of uses of keys, is what is stored in them (P-07)."""

import pytest

from gateway.accounts import key_uses
from gateway.control import problems, reasons
from redaction.document_inventory import DOCUMENTS

FIELDS = {
    problems.KIND: problems._Report.__struct_fields__,
    problems.LOOKED_AT: problems._LookedAt.__struct_fields__,
    reasons.KIND: reasons._Stored.__struct_fields__,
    key_uses.KIND: ("octets",),
}


@pytest.mark.policy("P-07")
@pytest.mark.parametrize("kind", FIELDS)
def test_every_field_of_a_document_is_declared_and_no_other(kind: str) -> None:
    declared = {name for name in DOCUMENTS if name.startswith(f"{kind}.")}
    assert declared == {f"{kind}.{field}" for field in ("key", *FIELDS[kind])}
