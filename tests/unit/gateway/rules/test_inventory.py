"""What is declared of the register's documents is what is stored in them (P-07)."""

import pytest

from gateway.rules.sender_entry import KIND, SenderEntry
from redaction.document_inventory import DOCUMENTS


@pytest.mark.policy("P-07")
def test_every_field_of_a_sender_is_declared_and_no_other() -> None:
    stored = {f"{KIND}.{field}" for field in ("key", *SenderEntry.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{KIND}.")}
