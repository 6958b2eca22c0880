"""Functions that are written out for the compiler are those that the table of fields wants."""

from compiling.written import FILE, text


def test_what_is_written_out_is_what_the_table_of_fields_says() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m compiling.written`"
