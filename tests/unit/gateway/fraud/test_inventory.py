"""What is declared of documents against abuse is what is stored in them (P-07)."""

import pytest

from gateway.fraud import overrides, reviews
from gateway.fraud.blocks import KIND, Block
from gateway.fraud.override_entry import Override
from redaction.document_inventory import DOCUMENTS


@pytest.mark.policy("P-07")
def test_every_field_is_declared_and_no_other() -> None:
    stored = {f"{overrides.KIND}.{field}" for field in ("key", *Override.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{overrides.KIND}.")}
    stored = {f"{reviews.KIND}.{field}" for field in ("key", *reviews.Stored.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{reviews.KIND}.")}
    stored = {f"{KIND}.{field}" for field in ("key", *Block.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{KIND}.")}
