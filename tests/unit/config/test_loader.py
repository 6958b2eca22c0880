"""Files, environment and defaults become settings, or a full list of what to mend."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loader import examine, load
from config.operators import SmppOperatorSettings
from config.problems import ConfigError, Severity
from config.settings import Settings

OPERATOR = '[[operators]]\nname = "north"\nhost = "127.0.0.1"\nsystem_id = "g"\npassword = { env = "P" }\n'
ROUTE = '[[routes]]\noperators = ["north"]\n'


def write(directory: Path, text: str, name: str = "gateway.toml") -> Path:
    file = directory / name
    file.write_text(text, "utf-8")
    return file


def told(path: Path | None, environ: dict[str, str] | None = None) -> list[tuple[str, int, str, str]]:
    """File name, line, key and code of every problem."""
    problems = examine(path, environ or {}).problems
    return [(Path(each.file).name, each.line, each.key, each.code) for each in problems]


def test_without_files_the_defaults_listen_on_this_machine_only_and_have_no_operators() -> None:
    found = load(None, {})
    assert found == Settings()
    assert (found.http.host, found.metrics.host, found.operators) == ("127.0.0.1", "127.0.0.1", ())


def test_one_file_may_hold_every_section(tmp_path: Path) -> None:
    file = write(
        tmp_path, "[http]\nport = 81\n" + OPERATOR + ROUTE + '[[retention]]\ntag = "otp"\nrecord_s = 7200\n', "a.toml"
    )
    found = load(file, {})
    assert (found.http.port, found.operators[0].name, found.routes[0].operators) == (81, "north", ("north",))
    assert (found.retention[0].record_s, found.retention[0].content_limit_s) == (7200, 600)


def test_a_directory_brings_its_files_together(tmp_path: Path) -> None:
    write(tmp_path, "[http]\nport = 81\n")
    write(tmp_path, OPERATOR + ROUTE, "operators.toml")
    found = load(tmp_path, {})
    (operator,) = found.operators
    assert isinstance(operator, SmppOperatorSettings)
    assert (found.http.port, operator.system_id) == (81, "g")


def test_what_a_table_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    found = load(write(tmp_path, "[keystore.root]\npath = 'r/root'\n"), {})
    assert (found.keystore.path, found.keystore.root.kind, found.keystore.root.path) == (
        str(tmp_path / "data-keys/keys.db"),
        "file",
        str(tmp_path / "r/root"),
    )


@pytest.mark.case("interfaces-18")
def test_paths_are_relative_to_the_settings_file_and_those_of_the_environment_are_not(tmp_path: Path) -> None:
    text = """
[ledger]
path = "store/ledger.db"
[keystore]
path = "/keys/keys.db"
[http]
tls_certificate = "tls/cert.pem"
tls_key = "../key.pem"
"""
    text += '[[operators]]\nname = "n"\nhost = "127.0.0.1"\nsystem_id = "g"\npassword = { file = "secret" }\n'
    file = write(tmp_path, text + 'tls = { ca_file = "ca.pem" }\n')
    found = load(file, {"CONNECT_GATEWAY__KEYSTORE__ROOT__PATH": "elsewhere/root.key"})
    (operator,) = found.operators
    assert isinstance(operator, SmppOperatorSettings)
    assert found.ledger.path == str(tmp_path / "store/ledger.db")
    assert (found.keystore.path, found.keystore.root.path) == ("/keys/keys.db", "elsewhere/root.key")
    assert (found.http.tls_certificate, found.http.tls_key) == (
        str(tmp_path / "tls/cert.pem"),
        str(tmp_path / "../key.pem"),
    )
    assert (operator.password.file, operator.tls.ca_file) == (str(tmp_path / "secret"), str(tmp_path / "ca.pem"))


@pytest.mark.case("interfaces-18")
def test_a_store_that_was_left_in_the_working_directory_is_told_and_none_begun_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    file = write(tmp_path / "etc", "[http]\nport = 81\n")
    monkeypatch.chdir(tmp_path)
    assert load(file, {}).ledger.path == str(tmp_path / "etc" / "data/ledger.db")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/ledger.db").touch()
    with pytest.raises(ConfigError) as refused:
        load(file, {})
    assert [each.code for each in refused.value.problems] == ["left_behind"]
    assert load(file, {"CONNECT_GATEWAY__LEDGER__PATH": "data/ledger.db"}).ledger.path == "data/ledger.db"


@pytest.mark.parametrize(
    ("text", "line", "key", "code", "message"),
    [
        ("[http]\nprot = 1", 2, "http.prot", "unknown_key", 'unknown key, did you mean "port"?'),
        ("[htpt]\nport = 1", 1, "htpt", "unknown_key", 'unknown key, did you mean "http"?'),
        ("[http]\nxyzzy = 1", 2, "http.xyzzy", "unknown_key", "unknown key"),
        ('[http]\n"a b" = 1', 2, 'http."a b"', "unknown_key", "unknown key"),
        ("\n[keystore.root]\nknid = 1", 3, "keystore.root.knid", "unknown_key", 'unknown key, did you mean "kind"?'),
        (OPERATOR + "windw = 1", 6, "operators[0].windw", "unknown_key", 'unknown key, did you mean "window"?'),
        (
            "[http]\nport = 'hunter2'",
            2,
            "http.port",
            "wrong_type",
            "expected a whole number from 0 to 65535; found text",
        ),
        (
            "[http]\nport = true",
            2,
            "http.port",
            "wrong_type",
            "expected a whole number from 0 to 65535; found true or false",
        ),
        ("[http]\nport = 1.5", 2, "http.port", "wrong_type", "expected a whole number from 0 to 65535; found a number"),
        ("http = 3", 1, "http", "wrong_type", "expected a table; found a whole number"),
        (
            "[operators]\nname = 'n'",
            1,
            "operators",
            "wrong_type",
            "expected a list of entries, each a table; found a table",
        ),
        ("operators = [\n1]", 2, "operators[0]", "wrong_type", "expected a table; found a whole number"),
        ("[http]\ntls_key = 7", 2, "http.tls_key", "wrong_type", "expected text, not empty; found a whole number"),
        (
            "[dispatch]\nretry_first_s = []",
            2,
            "dispatch.retry_first_s",
            "wrong_type",
            "expected a number above 0; found a list",
        ),
        ("[metrics]\nenabled = 1", 2, "metrics.enabled", "wrong_type", "expected true or false; found a whole number"),
        ("[http]\nport = 70_000", 2, "http.port", "out_of_range", "expected a whole number from 0 to 65535"),
        ("[dispatch]\nretry_limit_s = nan", 2, "dispatch.retry_limit_s", "out_of_range", "expected a number above 0"),
        ("[dispatch]\nretry_limit_s = inf", 2, "dispatch.retry_limit_s", "out_of_range", "expected a number above 0"),
        ("[dispatch]\nretry_limit_s = 0", 2, "dispatch.retry_limit_s", "out_of_range", "expected a number above 0"),
        (
            "[webhooks]\nretry_schedule_s = [1,\n0]",
            3,
            "webhooks.retry_schedule_s[1]",
            "out_of_range",
            "expected a number above 0",
        ),
        (
            "[webhooks]\nretry_schedule_s = []",
            2,
            "webhooks.retry_schedule_s",
            "out_of_range",
            "expected a list, not empty, of entries, each a number above 0",
        ),
        (
            "[log]\nlevel = 'inof'",
            2,
            "log.level",
            "out_of_range",
            'expected one of "debug", "error", "info", "warning", did you mean "info"?',
        ),
        (
            "[messages]\ndefault_region = 'sa'",
            2,
            "messages.default_region",
            "out_of_range",
            "expected text of the form ^[A-Z]{2}$",
        ),
        (
            '[messages]\ndefault_region = "SA\\n"',
            2,
            "messages.default_region",
            "out_of_range",
            "expected text of the form ^[A-Z]{2}$",
        ),
        (
            OPERATOR + "system_type = 'thirteenchars'",
            6,
            "operators[0].system_type",
            "out_of_range",
            "expected text, at most 12 characters",
        ),
        (
            OPERATOR + "[operators.register]\ncontract_expires = 2027-01-01T00:00:00Z",
            7,
            "operators[0].register.contract_expires",
            "wrong_type",
            "expected a date such as 2027-12-31; found a time",
        ),
        (  # nothing acts on another basis
            OPERATOR + "[operators.register]\nlegal_basis = 'consent'",
            7,
            "operators[0].register.legal_basis",
            "out_of_range",
            'expected "contract"',
        ),
        (
            OPERATOR + "[operators.egress]\nallow = 'all'",
            7,
            "operators[0].egress.allow",
            "out_of_range",
            'expected a list of entries, each one of "data_coding", "destination", "esm_class", "priority", '
            '"protocol_id", "reference", "registered_delivery", "schedule", "source", "text", '
            '"udh", "validity", or "default"',
        ),
        (
            "[[operators]]\nname = 'n'\npassword = 'hunter2'",
            3,
            "operators[0].password",
            "secret_literal",
            'a secret is never written here; expected { env = "NAME" } or { file = "path" }',
        ),
        (
            "[[retention]]\ntag = 'opt'\nrecord_s = 9",
            1,
            "retention[0]",
            "incomplete_rule",
            'a new tag needs content_limit_s, period_s too, did you mean "otp"?',
        ),
    ],
)
def test_a_wrong_key_is_told_with_file_line_and_what_was_expected(
    tmp_path: Path, text: str, line: int, key: str, code: str, message: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.key, problem.code) == (str(file), line, key, code)
    assert problem.message == message
    assert str(caught.value) == f"{file}:{line}: {key}: {message}"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[http]\nport = = 1", 2, "not valid TOML, column 8: Invalid value"),
        ("[http\nport = 1", 1, "not valid TOML, column 6: Expected ']' at the end of a table declaration"),
        ("a = 'hunter2", 1, "not valid TOML"),
        ("a = 1\na = 2", 2, "not valid TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, 0, "nested too deeply"),
    ],
)
def test_a_file_that_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    (problem,) = examine(write(tmp_path, text), {}).problems
    assert (problem.line, problem.code) == (line, "not_toml")
    assert problem.message.startswith(message)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"a = '\xff'")
    assert told(tmp_path) == [("gateway.toml", 0, "", "not_toml")]


def test_line_ends_of_other_systems_count_once(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"[http]\r\nport = 1\r\nprot = 2\r\n")
    assert told(tmp_path) == [("gateway.toml", 3, "http.prot", "unknown_key")]


def test_all_problems_of_all_files_and_variables_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, "[http]\nprot = 1\nport = 'x'\n")
    write(tmp_path, OPERATOR + "windw = 1\n" + ROUTE, "operators.toml")
    write(tmp_path, "[[retention]]\ntag = 'otp'\nrecord_s = 1\n", "retention.toml")
    assert told(tmp_path, {"CONNECT_GATEWAY__LOG__LEVL": "info"}) == [
        ("gateway.toml", 2, "http.prot", "unknown_key"),
        ("gateway.toml", 3, "http.port", "wrong_type"),
        ("operators.toml", 6, "operators[0].windw", "unknown_key"),
        ("retention.toml", 1, "retention[0].content_limit_s", "limits_crossed"),
        ("environment", 0, "CONNECT_GATEWAY__LOG__LEVL", "unknown_variable"),
    ]


def test_a_rule_between_keys_is_told_at_the_line_of_its_key(tmp_path: Path) -> None:
    write(tmp_path, OPERATOR + '[[routes]]\noperators = [\n "north",\n "nort",\n]\n', "operators.toml")
    assert told(tmp_path) == [("operators.toml", 9, "routes[0].operators[1]", "unknown_operator")]


def test_a_mistake_in_a_section_is_not_told_again_by_the_rules_that_read_it(tmp_path: Path) -> None:
    assert told(write(tmp_path, OPERATOR.replace('"north"', "1") + ROUTE)) == [
        ("gateway.toml", 2, "operators[0].name", "wrong_type")
    ]


def test_a_section_stands_in_one_file_only(tmp_path: Path) -> None:
    write(tmp_path, "[http]\nport = 1\n")
    write(tmp_path, "\n[http]\nport = 2\n", "operators.toml")
    (problem,) = examine(tmp_path, {}).problems
    assert (Path(problem.file).name, problem.line, problem.key) == ("operators.toml", 2, "http")
    assert (problem.code, problem.message) == ("written_twice", "already in gateway.toml; a section has one file")


def test_a_misspelt_file_name_does_not_pass_in_silence(tmp_path: Path) -> None:
    write(tmp_path, "[http]\nport = 1\n")
    write(tmp_path, OPERATOR, "operator.toml")
    (problem,) = examine(tmp_path, {}).problems
    assert (problem.code, problem.message) == ("unknown_file", 'this file is not read, did you mean "operators.toml"?')


def test_a_place_without_settings_is_told(tmp_path: Path) -> None:
    assert told(tmp_path) == [(tmp_path.name, 0, "", "no_files")]
    assert told(tmp_path / "none.toml") == [("none.toml", 0, "", "unreadable")]


def test_what_only_warns_does_not_stop_the_start(tmp_path: Path) -> None:
    examination = examine(write(tmp_path, OPERATOR), {})
    assert [(each.code, each.severity) for each in examination.problems] == [("no_routes", Severity.WARNING)]
    assert examination.settings is not None
    assert load(tmp_path, {}).operators[0] == examination.settings.operators[0]


def test_a_rule_for_a_new_tag_stands_beside_the_default_ones(tmp_path: Path) -> None:
    text = "[[retention]]\ntag = 'notice'\ncontent_limit_s = 86400\nrecord_s = 99999\nperiod_s = 60\n"
    tags = [(rule.tag, rule.content_after_final_s) for rule in load(write(tmp_path, text), {}).retention]
    assert tags == [("notice", None), ("otp", 0), ("transactional", 86_400), ("promotional", None), ("discard", 0)]


@pytest.mark.parametrize(
    "key", ["password", "system_id", "port", "tls", "bind", "window", "throughput_per_s", "nonsense"]
)
@pytest.mark.parametrize(
    "value", ["'CANARY'", "['CANARY']", "{ env = 'CANARY-1' }", "{ enabled = 'CANARY' }", "'CANARY"]
)
def test_no_message_repeats_a_value(tmp_path: Path, key: str, value: str) -> None:
    text = f"[[operators]]\nname = 'n'\n{key} = {value}\n"
    problems = examine(write(tmp_path, text), {"CONNECT_GATEWAY__HTTP__PORT": "CANARY"}).problems
    assert problems
    assert "CANARY" not in str(ConfigError(problems)) + repr(problems)


KEYS = st.sampled_from(
    ["http", "port", "operators", "routes", "retention", "name", "tag", "tls", "password", "env", "egress"]
)
KEYS |= st.sampled_from(["allow", "classes", "keystore", "root", "log", "level", "x", "messages", "retry_schedule_s"])
LEAVES = st.none().map(lambda _: "1") | st.sampled_from(
    ["'default'", "'otp'", "''", "-1", "1.5", "nan", "true", "[]", "{}"]
)
LEAVES |= st.sampled_from(
    ["2027-01-01", "07:00:00", "2027-01-01T00:00:00Z", "['otp', 3]", "[[]]", "9999999999999999999999"]
)


def table(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(KEYS, inner, max_size=4)
    return pairs.map(lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each.items()) + "}")


DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda inner: table(inner) | st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(document=DOCUMENTS)
def test_no_document_breaks_the_loader(tmp_path_factory: pytest.TempPathFactory, document: dict[str, str]) -> None:
    file = write(
        tmp_path_factory.getbasetemp(), "".join(f"{key} = {value}\n" for key, value in document.items()), "any.toml"
    )
    examination = examine(file, {})
    assert examination.settings is not None or examination.problems


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SmppOperatorSettings(name="n").port = 3  # type: ignore[misc]


def test_a_secret_that_is_not_there_is_a_warning_where_it_is_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path, OPERATOR + ROUTE + f'[keystore.redis]\npassword = {{ file = "{tmp_path}/none" }}\n')
    found = examine(file, {}, secrets=True)
    assert found.settings is not None
    assert [(each.line, each.key, each.severity) for each in found.problems] == [
        (5, "operators[0].password", Severity.WARNING),
        (9, "keystore.redis.password", Severity.WARNING),
    ]
    assert {each.code for each in found.problems} == {"secret_missing"}
    (tmp_path / "none").write_text("there", "utf-8")
    assert examine(file, {"P": "there"}, secrets=True).problems == ()
    assert examine(file, {}).problems == ()
