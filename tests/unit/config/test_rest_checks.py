"""Rules of operators over HTTP: how they are reached, and which of their settings go together."""

from typing import Any

import msgspec
import pytest

from config.operators import OperatorRegister, RestCallback, RestOperatorSettings, RestSettings
from config.secret import SecretRef
from tests.unit.config.test_checks import replace, told, with_operators


@pytest.mark.policy("P-24")
def test_an_operator_over_http_is_reached_by_https_or_in_a_declared_tunnel() -> None:
    register = OperatorRegister(country="SA", contract_reference="C-1")
    plain = RestOperatorSettings(name="web", rest=RestSettings(url="http://sms.example/send"), register=register)
    assert told(with_operators(plain)) == [("operators[0].rest.url", "plain_operator_link")]
    assert told(with_operators(replace(plain, rest=RestSettings(url="https://sms.example/send")))) == []
    assert told(with_operators(replace(plain, rest=RestSettings(url="http://127.0.0.1/send")))) == []
    unreadable = with_operators(replace(plain, rest=RestSettings(url="https://[::1/send")))
    assert told(unreadable) == [("operators[0].rest.url", "invalid_url")]
    tunnel = msgspec.structs.replace(register, tunnel=True)
    assert told(with_operators(replace(plain, register=tunnel))) == []


@pytest.mark.policy("P-24")
def test_receipts_over_http_come_in_by_tls_and_from_whom_we_know() -> None:
    open_to_all = RestCallback(host="0.0.0.0", port=8443)
    operator = RestOperatorSettings(
        name="web",
        rest=RestSettings(url="https://sms.example/send", callback=open_to_all),
        register=OperatorRegister(country="SA", contract_reference="C-1"),
    )
    assert told(with_operators(operator)) == [
        ("operators[0].rest.callback.password", "missing"),
        ("operators[0].rest.callback.host", "plain_public_listener"),
    ]
    secured = RestCallback(
        host="0.0.0.0", port=8443, password=SecretRef(env="P"), tls_certificate="c.pem", tls_key="k.pem"
    )
    assert told(with_operators(replace(operator, rest=RestSettings(url=operator.rest.url, callback=secured)))) == []


def rest_findings(**said: Any) -> list[tuple[str, str]]:
    callback = RestCallback(**said.pop("callback", {}))
    rest = RestSettings(url="http://127.0.0.1:1/", callback=callback, **said)
    return told(with_operators(RestOperatorSettings(name="web", rest=rest)))


@pytest.mark.case("nodes-15")
@pytest.mark.parametrize(
    ("said", "at", "code"),
    [
        ({"auth": "header"}, "auth_name", "missing"),
        ({"auth": "hmac"}, "auth_name", "missing"),
        ({"callback": {"reference": "ref"}}, "callback.reference", "missing"),
        ({"callback": {"port": 0, "auth": "hmac", "password": SecretRef(env="S")}}, "callback.auth_name", "missing"),
        ({"answer_pattern": "(?P<id>"}, "answer_pattern", "invalid_pattern"),
        ({"answer_pattern": "id"}, "answer_pattern", "invalid_pattern"),
        ({"callback": {"pattern": "(x)"}}, "callback.pattern", "invalid_pattern"),
    ],
)
def test_what_an_operator_over_http_lacks(said: dict[str, Any], at: str, code: str) -> None:
    assert rest_findings(**said) == [(f"operators[0].rest.{at}", code)]


@pytest.mark.case("nodes-15")
@pytest.mark.parametrize(
    "said",
    [
        {"auth": "basic", "auth_name": "us"},
        {"auth": "none"},
        {"callback": {"reference": "ref"}, "idempotency_header": "Idempotency-Key"},
        {"callback": {"port": 0, "auth": "url", "password": SecretRef(env="S")}},
        {"answer_pattern": "(?P<id>x)"},
    ],
)
def test_what_an_operator_over_http_may_say(said: dict[str, Any]) -> None:
    assert rest_findings(**said) == []
