"""Variables override files, and say so when they name nothing."""

from pathlib import Path

import pytest

from config.loader import examine, load
from config.settings import Settings

NORTH = '[[operators]]\nname = "north-1"\nhost = "127.0.0.1"\nsystem_id = "g"\npassword = { env = "P" }\nwindow = 9\n'
ROUTE = '[[routes]]\noperators = ["north-1"]\n'


def value(found: Settings, path: str) -> object:
    place: object = found
    for part in path.split("."):
        place = place[int(part)] if isinstance(place, tuple) else getattr(place, part)
    return place


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "one.toml"
    file.write_text(NORTH + ROUTE + "[http]\nport = 81\n", "utf-8")
    return file


@pytest.mark.parametrize(
    ("variable", "text", "path", "expected"),
    [
        ("HTTP__PORT", "8081", "http.port", 8081),
        ("http__port", "0x10", "http.port", 16),
        ("LOG__FORMAT", "json", "log.format", "json"),
        ("METRICS__ENABLED", "false", "metrics.enabled", False),
        ("DISPATCH__RETRY_FIRST_S", "0.5", "dispatch.retry_first_s", 0.5),
        ("DISPATCH__RETRY_FIRST_S", "2", "dispatch.retry_first_s", 2.0),
        ("OPERATORS__NORTH_1__SYSTEM_ID", "1234", "operators.0.system_id", "1234"),
        ("KEYSTORE__ROOT__PATH", "r/k", "keystore.root.path", "r/k"),
        ("HTTP__TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16", "http.trusted_proxies", ("10.0.0.1", "10.1.0.0/16")),
        ("HTTP__TRUSTED_PROXIES", "", "http.trusted_proxies", ()),
        ("HTTP__TRUSTED_PROXIES", '["10.0.0.1"]', "http.trusted_proxies", ("10.0.0.1",)),
        ("WEBHOOKS__RETRY_SCHEDULE_S", "1,2.5", "webhooks.retry_schedule_s", (1.0, 2.5)),
        ("OPERATORS__0__WINDOW", "5", "operators.0.window", 5),
        ("OPERATORS__NORTH_1__WINDOW", "5", "operators.0.window", 5),
        ("OPERATORS__NORTH_1__PASSWORD__ENV", "Q", "operators.0.password.env", "Q"),
        ("OPERATORS__NORTH_1__PASSWORD", '{ file = "f" }', "operators.0.password.file", "f"),
        ("OPERATORS__NORTH_1__THROUGHPUT_PER_S", "7.5", "operators.0.throughput_per_s", 7.5),
        ("OPERATORS__NORTH_1__THROUGHPUT_PER_S", "", "operators.0.throughput_per_s", None),
        ("OPERATORS__NORTH_1__EGRESS__ALLOW", "default", "operators.0.egress.allow", "default"),
        (
            "OPERATORS__NORTH_1__EGRESS__ALLOW",
            "text,data_coding,destination",
            "operators.0.egress.allow",
            ("text", "data_coding", "destination"),
        ),
        ("ROUTES__0__CLASSES", "otp", "routes.0.classes", ("otp",)),
        ("ROUTES__0__PREFIX", "9665", "routes.0.prefix", "9665"),
        ("RETENTION__OTP__RECORD_S", "86400", "retention.0.record_s", 86_400),
        ("RETENTION__OTP__RECORD_S", "86400", "retention.0.content_limit_s", 600),
    ],
)
def test_a_variable_overrides_the_file(file: Path, variable: str, text: str, path: str, expected: object) -> None:
    assert value(load(file, {"CONNECT_GATEWAY__" + variable: text}), path) == expected


def test_what_no_variable_names_keeps_what_the_file_says(file: Path) -> None:
    found = load(file, {"CONNECT_GATEWAY__HTTP__MAX_BATCH": "10", "OTHER": "1", "CONNECT_GATEWAY_CONFIG": "x"})
    assert (found.http.port, found.http.max_batch, found.operators[0].window) == (81, 10, 9)


def test_an_operator_and_its_route_can_come_from_variables_alone() -> None:
    head = "CONNECT_GATEWAY__"
    found = load(
        None,
        {
            head + "OPERATORS__SOUTH__KIND": "loopback",
            head + "OPERATORS__SOUTH__WINDOW": "3",
            head + "ROUTES__0__OPERATORS": "south",
        },
    )
    assert [(each.name, each.kind, each.window) for each in found.operators] == [("south", "loopback", 3)]
    assert found.routes[0].operators == ("south",)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("HTTP__PROT", 'no setting has this name, did you mean "PORT"?'),
        ("HTPT__PORT", 'no setting has this name, did you mean "HTTP"?'),
        ("HTTP__PORT__X", "no setting has this name"),
        ("", "no setting has this name"),
        ("OPERATORS__0", "no setting has this name"),
        ("OPERATORS__NORTH_1__WINDW", 'no setting has this name, did you mean "WINDOW"?'),
        ("ROUTES__NORTH__PREFIX", "no setting has this name, this list has positions from 0 only"),
        ("ROUTES__2__PREFIX", "no setting has this name, the next free position is 1"),
    ],
)
def test_a_variable_that_names_nothing_is_told(file: Path, variable: str, message: str) -> None:
    variable = "CONNECT_GATEWAY__" + variable
    (problem,) = examine(file, {variable: "1"}).problems
    assert (problem.file, problem.line, problem.key, problem.code) == ("environment", 0, variable, "unknown_variable")
    assert problem.message == message


@pytest.mark.parametrize(
    ("variable", "text", "code"),
    [
        ("HTTP__PORT", "CANARY", "wrong_type"),
        ("HTTP__PORT", "1\nhost = 2", "wrong_type"),
        ("HTTP__PORT", "", "wrong_type"),
        ("HTTP__PORT", "70000", "out_of_range"),
        ("LOG__LEVEL", "CANARY", "out_of_range"),
        ("LOG__LEVEL", "1", "out_of_range"),
        ("OPERATORS__NORTH_1__PASSWORD", "CANARY", "secret_literal"),
        ("HTTP", "CANARY", "wrong_type"),
    ],
)
def test_a_wrong_value_is_told_by_the_name_of_its_variable(file: Path, variable: str, text: str, code: str) -> None:
    variable = "CONNECT_GATEWAY__" + variable
    (problem,) = examine(file, {variable: text}).problems
    assert (problem.file, problem.key) == ("environment", variable)
    assert problem.code == code
    assert "CANARY" not in str(problem)


def test_a_rule_that_a_variable_breaks_names_the_variable() -> None:
    (problem,) = examine(None, {"CONNECT_GATEWAY__HTTP__HOST": "0.0.0.0"}).problems
    assert (problem.key, problem.code) == ("CONNECT_GATEWAY__HTTP__HOST", "plain_public_listener")


def test_a_variable_inside_what_the_file_misshapes_adds_no_second_problem(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("http = 3\noperators = 'x'\nroutes = [1]\n", "utf-8")
    environ = {f"CONNECT_GATEWAY__{name}": "1" for name in ("HTTP__PORT", "OPERATORS__A__WINDOW", "ROUTES__0__PREFIX")}
    assert [(each.key, each.code) for each in examine(file, environ).problems] == [
        ("http", "wrong_type"),
        ("operators", "wrong_type"),
        ("routes[0]", "wrong_type"),
    ]
