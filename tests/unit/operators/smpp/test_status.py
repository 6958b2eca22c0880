"""Names of command_status values."""

import pytest
from hypothesis import given
from hypothesis import strategies as hyp
from smpplib import consts

from operators.smpp import status as st


@pytest.mark.smpp("S-07")
@given(hyp.integers(0, 0xFFFFFFFF))
def test_every_status_has_a_name(status: int) -> None:
    assert st.name_of(status)


@pytest.mark.smpp("S-07")
@pytest.mark.parametrize(("status", "name"), [(0x400, "0x00000400"), (0x4FF, "0x000004FF"), (0x10, "0x00000010")])
def test_vendor_and_reserved_values_are_named_by_number(status: int, name: str) -> None:
    assert st.name_of(status) == name


def test_values_agree_with_an_independent_table() -> None:
    theirs = {
        value: name.removeprefix("SMPP_") for name, value in vars(consts).items() if name.startswith("SMPP_ESME_")
    }
    assert {value: st.name_of(value) for value in theirs} == theirs
