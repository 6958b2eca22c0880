"""Settings as they are shown: all of them, defaults marked, no secret."""

from pathlib import Path

from config.loader import load
from config.shown import shown

TOML = """
[http]
port = 8443
[[operators]]
name = "north"
kind = "smpp"
host = "127.0.0.1"
port = 2775
system_id = "gateway"
password = { env = "CANARY_PLACE" }
"""


def test_every_setting_is_shown_with_what_it_is_and_a_secret_as_set_or_not_set(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(TOML, "utf-8")
    lines = {each.setting: each for each in shown(load(file, {"CANARY_PLACE": "canary"}))}
    assert (lines["http.port"].value, lines["http.port"].is_default) == (8443, False)
    assert lines["http.idle_s"].is_default
    secret = lines["operators[north].password"]
    assert (secret.value, secret.is_secret, secret.is_default) == ("set", True, False)
    assert lines["ledger.redis.password"].value == "not set"
    assert lines["operators[north].window"].is_default
    assert all(each.is_default for name, each in lines.items() if name.startswith("retention"))
    assert "CANARY" not in str(list(lines.values())).upper()
    assert lines["log.level"].live
    assert not lines["ledger.path"].live


def test_without_a_file_everything_is_a_default() -> None:
    assert all(each.is_default for each in shown(load(None, {})))
