"""A secret is read where the settings point to, and shown nowhere."""

from pathlib import Path

import pytest

from config.loader import examine
from config.problems import Severity
from config.secret import MAX_SECRET_BYTES, SecretMissing, SecretRef


def test_a_secret_comes_from_the_environment() -> None:
    assert SecretRef(env="NAME").resolve({"NAME": "hunter2 "}) == "hunter2 "


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TEST_SECRET", "hunter2")
    assert SecretRef(env="GATEWAY_TEST_SECRET").resolve() == "hunter2"


@pytest.mark.parametrize(
    ("data", "expected"), [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), (" a \n\n", " a "), ("رمز", "رمز")]
)
@pytest.mark.case("texts-13")
def test_a_secret_comes_without_the_line_ends_behind_it_from_wherever(tmp_path: Path, data: str, expected: str) -> None:
    (tmp_path / "secret").write_bytes(data.encode())
    assert SecretRef(file=str(tmp_path / "secret")).resolve({}) == expected
    assert SecretRef(env="A").resolve({"A": data}) == expected


@pytest.mark.case("texts-13")
@pytest.mark.parametrize(
    ("value", "warned"), [("a", False), ("a\n", True), (" a", True), ("a \n", True), ("a\r\n", True), ("a b", False)]
)
def test_the_check_warns_of_what_stands_around_a_secret(tmp_path: Path, value: str, warned: bool) -> None:
    (tmp_path / "gateway.toml").write_text(
        "[[operators]]\nname = 'n'\nhost = '127.0.0.1'\nsystem_id = 'g'\npassword = { env = 'A' }\n"
    )
    found = examine(tmp_path / "gateway.toml", {"A": value}, secrets=True)
    padded = [each for each in found.problems if each.code == "secret_padded"]
    assert [each.severity for each in padded] == [Severity.WARNING] * warned


def test_no_place_is_no_secret() -> None:
    assert SecretRef().resolve({}) == ""
    assert not SecretRef()
    assert SecretRef(env="A")
    assert SecretRef(file="a")


@pytest.mark.parametrize("environ", [{}, {"NAME": ""}])
def test_a_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SecretMissing, match="environment variable NAME is not set or empty"):
        SecretRef(env="NAME").resolve(environ)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "empty"),
        (b"\n", "empty"),
        (b"CANARY\xff", "not UTF-8 text"),
        (b"CANARY" * MAX_SECRET_BYTES, "larger than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_without_its_content(
    tmp_path: Path, data: bytes | None, reason: str
) -> None:
    file = tmp_path / "secret"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(SecretMissing) as caught:
        SecretRef(file=str(file)).resolve({})
    assert str(caught.value) == f"secret file {file}: {reason}"
    assert caught.value.__cause__ is None


def test_a_reference_prints_its_place_and_never_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "CANARY")
    reference = SecretRef(env="NAME")
    reference.resolve()
    assert repr(reference) == "SecretRef(env='NAME', file=None)"


@pytest.mark.case("security-15")
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r", "\0", "\x1b", "\x7f"])
def test_a_secret_with_a_control_character_within_is_refused_without_being_shown(tmp_path: Path, inside: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f"first{inside}second\n".encode())
    for reference, environ in (
        (SecretRef(file=str(path)), {}),
        (SecretRef(env="NAME"), {"NAME": f"first{inside}second"}),
    ):
        with pytest.raises(SecretMissing, match="control character") as refused:
            reference.resolve(environ)
        assert "first" not in str(refused.value)
