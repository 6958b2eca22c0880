"""What is declared of the documents of this room is what is stored in them (P-07)."""

import pytest

from gateway.support.record import POST, TICKET, Stored, StoredPost
from redaction.document_inventory import DOCUMENTS


@pytest.mark.policy("P-07")
def test_every_field_of_a_document_is_declared_and_no_other() -> None:
    types = {TICKET: Stored, POST: StoredPost}
    stored = {f"{kind}.{field}" for kind, each in types.items() for field in ("key", *each.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.partition(".")[0] in types}
