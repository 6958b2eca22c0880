import itertools

import pytest

from redaction.egress import (
    INDISPENSABLE,
    STANDARD_FIELDS,
    EgressContract,
    EgressField,
    disclosed_fields,
    disclosure_code,
)
from redaction.personal import Msisdn

PERSON = Msisdn("966512345678", 966)


@pytest.mark.policy("P-16")
def test_contract_allows_what_it_lists_and_nothing_else() -> None:
    contract = EgressContract(operator="stc", fields=INDISPENSABLE | {EgressField.UDH})
    allowed = {field for field in EgressField if contract.allows(field)}
    assert allowed == {EgressField.DESTINATION, EgressField.TEXT, EgressField.DATA_CODING, EgressField.UDH}


@pytest.mark.policy("P-16")
def test_the_standard_fields_are_the_published_list() -> None:
    assert disclosed_fields(disclosure_code(STANDARD_FIELDS)) == (
        "source", "destination", "text", "data_coding", "udh", "registered_delivery", "validity", "schedule",
        "priority", "esm_class", "protocol_id", "reference",
    )  # fmt: skip


@pytest.mark.parametrize("missing", [field for field in EgressField if field in INDISPENSABLE])
def test_contract_that_cannot_deliver_is_refused(missing: EgressField) -> None:
    with pytest.raises(ValueError, match=missing.name):
        EgressContract(operator="stc", fields=STANDARD_FIELDS - {missing})


def test_alias_replaces_a_person_and_not_a_registered_name() -> None:
    contract = EgressContract(operator="stc", fields=STANDARD_FIELDS, sender_alias="INTERKEY")
    assert contract.source(PERSON) == "INTERKEY"
    assert contract.source("OTHERKEY") == "OTHERKEY"
    assert EgressContract(operator="stc", fields=STANDARD_FIELDS).source(PERSON) == PERSON


def test_without_the_source_field_no_source_leaves() -> None:
    fields = STANDARD_FIELDS - {EgressField.SOURCE}
    assert EgressContract(operator="stc", fields=fields).source("INTERKEY") == ""
    assert EgressContract(operator="stc", fields=fields, sender_alias="ALIAS").source(PERSON) == "ALIAS"


def test_every_set_of_fields_comes_back_from_its_code() -> None:
    for size in (0, 1, 2, 11, 12):
        for fields in itertools.combinations(EgressField, size):
            assert disclosed_fields(disclosure_code(fields)) == tuple(it.name.lower() for it in fields)


def test_codes_of_stored_records_never_change_meaning() -> None:
    assert [it.value for it in EgressField] == list(range(12))
    assert disclosure_code([EgressField.TEXT, EgressField.REFERENCE]) == 0b1000_0000_0100


@pytest.mark.parametrize("code", [-1, 1 << 12])
def test_code_that_names_no_field_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="disclosure"):
        disclosed_fields(code)
