"""What is declared of the documents of this room is what is stored in them (P-07)."""

import msgspec
import pytest

from gateway.rights import (
    breaches,
    case_record,
    certificates,
    code_limits,
    codes,
    disclosures,
    holds,
    journal,
    leaving,
    packages,
    waiting,
)
from redaction.document_inventory import DOCUMENTS

TYPES: dict[str, type[msgspec.Struct]] = {
    journal.WORK: journal.Part,
    journal.DONE: journal.Done,
    certificates.CERTIFICATE: certificates.Certificate,
    leaving.LEAVING: leaving.Leaving,
    holds.HOLD: holds.Stored,
    holds.HELD: holds.Kept,
    case_record.CASE: case_record.Stored,
    codes.CODE: codes.Given,
    disclosures.DISCLOSURE: disclosures.Stored,
    case_record.BREACH: breaches.Stored,
    waiting.WAITING: waiting.Waiting,
    code_limits.TALLY: code_limits.Tally,
    packages.PACKAGE: packages.Head,
    packages.PART: packages.Part,
}


@pytest.mark.policy("P-07")
def test_every_field_of_a_document_is_declared_and_no_other() -> None:
    stored = {f"{kind}.{field}" for kind, each in TYPES.items() for field in ("key", *each.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.partition(".")[0] in TYPES}
