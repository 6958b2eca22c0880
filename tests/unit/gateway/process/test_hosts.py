from pathlib import Path

import pytest

from gateway.process import hosts


def test_a_start_of_the_machine_has_one_number() -> None:
    assert hosts.boot_number() == hosts.boot_number()
    assert 0 <= hosts.boot_number() < 1 << 63


@pytest.mark.parametrize("text", [None, "", "no number"])
def test_a_system_that_does_not_say_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    file = tmp_path / "boot_id"
    if text is not None:
        file.write_text(text, "ascii")
    monkeypatch.setattr(hosts, "_BOOT_ID", file)
    assert hosts.boot_number() == 0
