"""Errors of every layer have a code on the command line, though it imports none of their modules."""

import importlib

import pytest

from gateway.cli.failures import CODES, code, lines
from gateway.ledger.contract import LedgerCorrupt, LedgerError
from redaction.errors import WrongRoot


@pytest.mark.parametrize("name", [name for name, _ in CODES])
def test_every_named_error_exists(name: str) -> None:
    module, kind = name.rsplit(".", 1)
    assert issubclass(getattr(importlib.import_module(module), kind), Exception)


def test_the_nearest_code_is_given() -> None:
    assert code(LedgerCorrupt()) == "ledger_corrupt"
    assert code(LedgerError()) == "ledger_error"


def test_a_kind_of_a_known_error_has_its_code() -> None:
    assert lines(WrongRoot("sealed under another root")) == ["sealed under another root [keys_refused]"]


def test_the_text_of_an_unknown_error_is_not_shown_as_it_is() -> None:
    (line,) = lines(ValueError("+966512345678"))
    assert "[unexpected]" in line
    assert "966512345678" not in line
