"""Rules between keys, each with its code, its key and how it is kept."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from config.audit import AuditSettings
from config.checks import check, check_dates
from config.findings import is_loopback
from config.operators import (
    EgressSettings,
    LoopbackOperatorSettings,
    OperatorRegister,
    OperatorSettings,
    OutbindSettings,
    ReceiptWords,
    RestOperatorSettings,
    RouteSettings,
    SmppOperatorSettings,
    TlsSettings,
)
from config.problems import Severity
from config.retention import DEFAULT_RETENTION
from config.secret import SecretRef
from config.settings import (
    DispatchSettings,
    FacadeSettings,
    HttpSettings,
    KeyServerSettings,
    KeystoreSettings,
    LedgerSettings,
    MessageSettings,
    MetricsSettings,
    OpenDsrSettings,
    RedisSettings,
    RetentionSettings,
    RootSlotSettings,
    Settings,
    SmppServerSettings,
    TransitSettings,
    WebhookSettings,
)

LOCAL = SmppOperatorSettings(name="local", host="127.0.0.1", system_id="g", password=SecretRef(env="P"))
SIGNED_BY_NOBODY = OpenDsrSettings(domain="gateway.example", certificate="c.pem")
K = TypeVar("K", SmppOperatorSettings, RestOperatorSettings)
ABROAD = OperatorRegister(country="DE", contract_reference="C-1")
REMOTE = msgspec.structs.replace(
    LOCAL,
    name="remote",
    host="smsc.example",
    tls=TlsSettings(enabled=True),
    register=OperatorRegister(country="SA", contract_reference="C-1"),
)


def replace(operator: K, **changes: object) -> K:
    return msgspec.structs.replace(operator, **changes)


def told(settings: Settings) -> list[tuple[str, str]]:
    return [(problem.key, problem.code) for problem in check(settings)]


def with_operators(*operators: OperatorSettings) -> Settings:
    return Settings(operators=operators, routes=(RouteSettings(operators=(operators[0].name,)),))


def on_a_server(**server: Any) -> Settings:
    return Settings(keystore=KeystoreSettings(engine="redis", redis=KeyServerSettings(**server)))


def in_a_vault(**transit: Any) -> Settings:
    root = RootSlotSettings(kind="transit", transit=TransitSettings(**transit))
    return Settings(keystore=KeystoreSettings(root=root))


def shared(**redis: Any) -> Settings:
    keys = KeystoreSettings(engine="redis", redis=KeyServerSettings(url="rediss://keys"))
    ledger = LedgerSettings(engine="redis", redis=RedisSettings(**redis))
    return Settings(ledger=ledger, keystore=keys, audit=AuditSettings(dir="audit"))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        shared(url="redis://127.0.0.1"),
        shared(url="rediss+cluster://one,two", user="ledger", password=SecretRef(env="P")),
        shared(url="redis+sentinel://one,two/ledger", tunnel=True, replicas=1),
        with_operators(LOCAL, REMOTE),
        on_a_server(url="redis://127.0.0.1:6379/0"),
        on_a_server(url="redis://keys", tunnel=True),
        on_a_server(url="rediss://keys", tls_certificate="c.pem", tls_key="k.pem"),
        with_operators(LoopbackOperatorSettings(name="memory")),
        with_operators(replace(LOCAL, host="::1")),
        with_operators(replace(REMOTE, egress=EgressSettings(allow=("destination", "text", "data_coding")))),
        Settings(http=HttpSettings(port=0), metrics=MetricsSettings(port=0)),
        Settings(http=HttpSettings(port=9090), metrics=MetricsSettings(enabled=False, host="0.0.0.0")),
        Settings(http=HttpSettings(trusted_proxies=("10.0.0.1", "fd00::/8"))),
        Settings(keystore=KeystoreSettings(root=RootSlotSettings(kind="env", env="ROOT", path="data/root.key"))),
    ],
)
def test_sound_settings_have_no_problems(settings: Settings) -> None:
    assert check(settings) == []


@pytest.mark.policy("P-24")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_a_plain_listener_on_a_public_address_is_refused(host: str) -> None:
    assert told(Settings(http=HttpSettings(host=host))) == [("http.host", "plain_public_listener")]
    assert told(Settings(metrics=MetricsSettings(host=host))) == [("metrics.host", "plain_public_listener")]
    listening = Settings(smpp_server=SmppServerSettings(host=host, port=2775))
    assert told(listening) == [("smpp_server.host", "plain_public_listener")]
    assert told(Settings(smpp_server=SmppServerSettings(host=host))) == []


@pytest.mark.policy("P-24")
def test_a_public_listener_needs_tls_here_or_upstream() -> None:
    assert told(Settings(http=HttpSettings(host="::", tls_certificate="c", tls_key="k"))) == []
    assert told(Settings(http=HttpSettings(host="::", tls_terminated_upstream=True))) == []
    assert told(Settings(metrics=MetricsSettings(host="::", tls_terminated_upstream=True))) == []
    assert told(Settings(smpp_server=SmppServerSettings(host="::", port=2775, tunnel=True))) == []
    secured = SmppServerSettings(host="::", port=2775, tls_certificate="c", tls_key="k")
    assert told(Settings(smpp_server=secured)) == []


@pytest.mark.parametrize(
    ("settings", "key", "code"),
    [
        (Settings(http=HttpSettings(tls_certificate="c")), "http.tls_certificate", "tls_incomplete"),
        (Settings(http=HttpSettings(tls_key="k")), "http.tls_key", "tls_incomplete"),
        (Settings(http=HttpSettings(port=9090)), "metrics.port", "port_taken"),
        (
            Settings(http=HttpSettings(facades=FacadeSettings(opendsr=True), opendsr=SIGNED_BY_NOBODY)),
            "http.opendsr.key",
            "opendsr_unsigned",
        ),
        (Settings(smpp_server=SmppServerSettings(port=8080)), "smpp_server.port", "port_taken"),
        (Settings(smpp_server=SmppServerSettings(tls_key="k")), "smpp_server.tls_key", "tls_incomplete"),
        (
            Settings(http=HttpSettings(trusted_proxies=("10.0.0.1", "proxy"))),
            "http.trusted_proxies[1]",
            "not_a_network",
        ),
        (Settings(http=HttpSettings(trusted_proxies=("10.0.0.1/8",))), "http.trusted_proxies[0]", "not_a_network"),
        (Settings(http=HttpSettings(max_batch_body_bytes=2000)), "http.max_body_bytes", "limits_crossed"),
        (Settings(messages=MessageSettings(max_validity_s=700)), "messages.default_validity_s", "limits_crossed"),
        (Settings(dispatch=DispatchSettings(retry_limit_s=1)), "dispatch.retry_first_s", "limits_crossed"),
        (Settings(webhooks=WebhookSettings(max_connections=2)), "webhooks.connections_per_endpoint", "limits_crossed"),
        (Settings(keystore=KeystoreSettings(path="data/keys.db")), "keystore.path", "keys_beside_data"),
        (Settings(keystore=KeystoreSettings(path="data/../data/k/keys.db")), "keystore.path", "keys_beside_data"),
        (
            Settings(ledger=LedgerSettings(path="d/l.db"), keystore=KeystoreSettings(path="d/k")),
            "keystore.path",
            "keys_beside_data",
        ),
        (
            Settings(keystore=KeystoreSettings(root=RootSlotSettings(path="data-keys/root"))),
            "keystore.root.path",
            "root_beside_keys",
        ),
        (
            Settings(keystore=KeystoreSettings(root=RootSlotSettings(path="data/deep/root"))),
            "keystore.root.path",
            "root_beside_keys",
        ),
        (Settings(keystore=KeystoreSettings(root=RootSlotSettings(kind="env"))), "keystore.root.env", "missing"),
        (
            Settings(retention=(RetentionSettings(), RetentionSettings())),
            "retention[1].tag",
            "duplicate",
        ),
        (on_a_server(), "keystore.redis.url", "missing"),
        (on_a_server(url="https://keys"), "keystore.redis.url", "missing"),
        (on_a_server(url="rediss://"), "keystore.redis.url", "missing"),
        (on_a_server(url="rediss://[::1"), "keystore.redis.url", "missing"),
        (on_a_server(url="rediss://keys:port"), "keystore.redis.url", "missing"),
        (on_a_server(url="rediss://user:secret@keys"), "keystore.redis.url", "invalid_url"),
        (on_a_server(url="redis://keys:6379/0"), "keystore.redis.url", "plain_key_server"),
        (
            msgspec.structs.replace(
                on_a_server(url="redis://127.0.0.1"),
                ledger=LedgerSettings(engine="redis", redis=RedisSettings(url="redis://127.0.0.1:6379/3")),
                audit=AuditSettings(dir="audit"),
            ),
            "keystore.redis.url",
            "keys_beside_data",
        ),
        (on_a_server(url="rediss://keys", tls_certificate="c.pem"), "keystore.redis", "tls_incomplete"),
        (in_a_vault(url="https://vault"), "keystore.root.transit.token", "missing"),
        (in_a_vault(url="vault", token=SecretRef(env="T")), "keystore.root.transit.url", "missing"),
        (in_a_vault(url="https://[::1", token=SecretRef(env="T")), "keystore.root.transit.url", "missing"),
        (in_a_vault(url="http://vault:8200", token=SecretRef(env="T")), "keystore.root.transit.url", "plain_root_slot"),
        (Settings(retention=(RetentionSettings(record_s=86_400),)), "retention[0].content_limit_s", "limits_crossed"),
        (
            Settings(retention=(RetentionSettings(record_floor_s=10**9, floor_citation="x"),)),
            "retention[0].record_floor_s",
            "limits_crossed",
        ),
        (Settings(retention=(RetentionSettings(record_floor_s=1),)), "retention[0].floor_citation", "missing"),
        (with_operators(LOCAL, LOCAL), "operators[1].name", "duplicate"),
        (Settings(operators=(LOCAL,), routes=(RouteSettings(),)), "routes[0].operators", "missing"),
        (with_operators(replace(LOCAL, host="")), "operators[0].host", "missing"),
        (with_operators(replace(LOCAL, system_id="")), "operators[0].system_id", "missing"),
        (
            with_operators(replace(LOCAL, password=SecretRef(env="A", file="b"))),
            "operators[0].password",
            "secret_ambiguous",
        ),
        (with_operators(replace(LOCAL, tls=TlsSettings(key="k"))), "operators[0].tls", "tls_incomplete"),
        (with_operators(replace(LOCAL, reconnect_first_s=61)), "operators[0].reconnect_first_s", "limits_crossed"),
        (
            with_operators(replace(LOCAL, transient_statuses=(8, 1))),
            "operators[0].transient_statuses[1]",
            "status_twice",
        ),
        (
            with_operators(replace(LOCAL, permanent_statuses=(0x58,))),
            "operators[0].permanent_statuses[0]",
            "status_twice",
        ),
        (with_operators(replace(LOCAL, tlvs=("0x0424=00",))), "operators[0].tlvs[0]", "tlv_taken"),
        (with_operators(replace(LOCAL, tlvs=("0x14AB=", "0x14ab=00"))), "operators[0].tlvs[1]", "tlv_twice"),
        (
            Settings(operators=(replace(LOCAL, bind="receiver"),), routes=(RouteSettings(operators=(LOCAL.name,)),)),
            "routes[0].operators[0]",
            "receives_only",
        ),
        (
            with_operators(replace(LOCAL, receipt_words=ReceiptWords(delivered=("ok",), unknown=("gone", "OK")))),
            "operators[0].receipt_words.unknown[1]",
            "word_twice",
        ),
        (with_operators(replace(LOCAL, outbind=OutbindSettings(port=0))), "operators[0].outbind.peers", "missing"),
        (
            with_operators(replace(LOCAL, outbind=OutbindSettings(port=0, peers=("here",)))),
            "operators[0].outbind.peers[0]",
            "not_a_network",
        ),
        (
            with_operators(replace(LOCAL, outbind=OutbindSettings(port=0, host="0.0.0.0", peers=("10.0.0.0/8",)))),
            "operators[0].outbind.host",
            "plain_public_listener",
        ),
        (
            with_operators(
                replace(LOCAL, tls=TlsSettings(enabled=True), outbind=OutbindSettings(port=0, peers=("10.0.0.1",)))
            ),
            "operators[0].tls.certificate",
            "tls_incomplete",
        ),
        (
            with_operators(replace(LOCAL, egress=EgressSettings(allow=("text",)))),
            "operators[0].egress.allow",
            "contract_lacks_field",
        ),
        (Settings(routes=(RouteSettings(operators=("x",)),)), "routes[0].operators[0]", "unknown_operator"),
    ],
)
def test_keys_that_do_not_fit_together_are_refused(settings: Settings, key: str, code: str) -> None:
    problems = check(settings)
    assert [(problem.key, problem.code) for problem in problems] == [(key, code)]
    assert problems[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("redis", "key", "code"),
    [
        ({}, "ledger.redis.url", "invalid_url"),
        ({"url": "redis://me:secret@127.0.0.1"}, "ledger.redis.url", "invalid_url"),
        ({"url": "redis://store"}, "ledger.redis.url", "plain_ledger"),
        ({"url": "redis+cluster://127.0.0.1,store"}, "ledger.redis.url", "plain_ledger"),
        ({"url": "rediss://store", "user": "ledger"}, "ledger.redis.password", "missing"),
        ({"url": "rediss+cluster://store", "replicas": 1}, "ledger.redis.replicas", "not_on_a_cluster"),
    ],
)
def test_a_shared_ledger_is_reached_safely_or_not_at_all(redis: dict[str, Any], key: str, code: str) -> None:
    assert told(shared(**redis)) == [(key, code)]


def test_a_shared_ledger_with_keys_of_one_machine_is_told_of() -> None:
    settings = msgspec.structs.replace(shared(url="redis://127.0.0.1"), keystore=KeystoreSettings())
    (problem,) = check(settings)
    assert (problem.key, problem.code, problem.severity) == ("keystore.engine", "keys_not_shared", Severity.WARNING)


def test_a_shared_ledger_without_a_place_for_the_audit_log_is_told_of() -> None:
    settings = msgspec.structs.replace(shared(url="redis://127.0.0.1"), audit=AuditSettings())
    (problem,) = check(settings)
    assert (problem.key, problem.code, problem.severity) == ("audit.dir", "audit_elsewhere", Severity.WARNING)


def test_an_operator_without_name_is_refused() -> None:
    assert ("operators[0].name", "missing") in told(with_operators(replace(LOCAL, name="")))


def test_the_nearest_operator_is_suggested() -> None:
    (problem,) = check(Settings(operators=(LOCAL,), routes=(RouteSettings(operators=("lcoal",)),)))
    assert problem.message == 'no operator has this name, did you mean "local"?'


@pytest.mark.policy("P-17")
def test_a_plain_link_to_another_machine_is_refused_unless_it_runs_in_a_declared_tunnel() -> None:
    plain = replace(REMOTE, tls=TlsSettings())
    assert told(with_operators(plain)) == [("operators[0].tls.enabled", "plain_operator_link")]
    tunnel = OperatorRegister(country="SA", contract_reference="C-1", tunnel=True)
    assert told(with_operators(replace(plain, register=tunnel))) == []


@pytest.mark.policy("P-38")
@pytest.mark.parametrize("missing", ["transfer_record", "safeguard", "risk_assessment"])
def test_an_operator_abroad_is_held_back_until_the_transfer_is_on_record(missing: str) -> None:
    complete = msgspec.structs.replace(ABROAD, transfer_record="T-1", safeguard="clauses", risk_assessment="R-1")
    assert told(with_operators(replace(REMOTE, register=complete))) == []
    partly = msgspec.structs.replace(complete, **{missing: None})
    (problem,) = check(with_operators(replace(REMOTE, register=partly)))
    assert (problem.key, problem.code) == ("operators[0].register.country", "transfer_blocked")
    assert problem.severity is Severity.BLOCKED


@pytest.mark.parametrize(
    ("settings", "key", "code"),
    [
        (with_operators(replace(LOCAL, password=SecretRef())), "operators[0].password", "no_password"),
        (
            with_operators(replace(REMOTE, register=OperatorRegister(country="SA"))),
            "operators[0].register.contract_reference",
            "no_contract",
        ),
        (Settings(operators=(LOCAL,)), "routes", "no_routes"),
        (
            Settings(retention=(RetentionSettings(tag="otp", content_limit_s=599),)),
            "retention[0].content_limit_s",
            "content_outlived",
        ),
        (
            Settings(retention=(RetentionSettings(content_limit_s=3600),)),
            "retention[0].content_limit_s",
            "content_outlived",
        ),
    ],
)
def test_what_somebody_should_look_at_is_a_warning(settings: Settings, key: str, code: str) -> None:
    (problem,) = check(settings)
    assert (problem.key, problem.code, problem.severity) == (key, code, Severity.WARNING)


def test_a_link_in_the_key_path_does_not_hide_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "keys").symlink_to(tmp_path / "data")
    settings = Settings(
        ledger=LedgerSettings(path=str(tmp_path / "data" / "l.db")),
        keystore=KeystoreSettings(path=str(tmp_path / "keys" / "k.db")),
    )
    assert told(settings) == [("keystore.path", "keys_beside_data")]


def test_rules_on_unsound_sections_are_skipped() -> None:
    settings = Settings(http=HttpSettings(host="::", port=9090), dispatch=DispatchSettings(retry_limit_s=1))
    assert [problem.code for problem in check(settings, skip=["http"])] == ["limits_crossed"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_decided_without_a_resolver(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.case("privacy-8")
@pytest.mark.parametrize(
    "register", [OperatorRegister(contract_reference="C-1"), OperatorRegister(contract_reference="C-1", tunnel=True)]
)
@pytest.mark.parametrize("host", ["smsc.example", "192.0.2.7", "10.0.0.1", "2001:db8::7"])
def test_an_operator_on_another_machine_says_its_country(host: str, register: OperatorRegister) -> None:
    problems = check(with_operators(replace(REMOTE, host=host, register=register)))
    assert [(each.key, each.code, each.severity) for each in problems] == [
        ("operators[0].register.country", "missing_country", Severity.ERROR)
    ]


@pytest.mark.case("privacy-8")
def test_an_operator_on_this_machine_is_home() -> None:
    assert LOCAL.register.place == "SA"
    assert not check(with_operators(LOCAL))


@pytest.mark.case("privacy-8")
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"tag": "otp", "content_limit_s": 365 * 86_400, "record_s": 400 * 86_400}, "content_limit_s"),
        ({"tag": "otp", "content_limit_s": 601}, "content_limit_s"),
        ({"tag": "transactional", "content_limit_s": 4 * 86_400}, "content_limit_s"),
        ({"tag": "promotional", "content_limit_s": 8 * 86_400}, "content_limit_s"),
        ({"tag": "house", "content_limit_s": 8 * 86_400}, "content_limit_s"),
        ({"tag": "transactional", "record_s": 91 * 86_400}, "record_s"),
    ],
)
def test_what_is_kept_longer_than_usual_is_warned_of(changes: dict[str, Any], key: str) -> None:
    found = [each for each in check(Settings(retention=(RetentionSettings(**changes),))) if each.code == "long_limit"]
    assert (found[0].key, found[0].severity) == (f"retention[0].{key}", Severity.WARNING)


@pytest.mark.case("privacy-8")
def test_usual_limits_and_records_that_a_law_asks_for_are_not_warned_of() -> None:
    law = RetentionSettings(record_s=400 * 86_400, record_floor_s=400 * 86_400, floor_citation="Law 7")
    assert "long_limit" not in {code for _, code in told(Settings(retention=(*DEFAULT_RETENTION, law)))}


@pytest.mark.case("privacy-8")
@pytest.mark.parametrize(
    ("days", "code"),
    [
        (-400, "contract_expired"),
        (-1, "contract_expired"),
        (0, "contract_expires_soon"),
        (29, "contract_expires_soon"),
        (30, None),
        (900, None),
    ],
)
def test_contracts_that_end_are_told(days: int, code: str | None) -> None:
    today = date(2027, 1, 1)
    register = OperatorRegister(country="SA", contract_reference="C-1", contract_expires=today + timedelta(days=days))
    problems = check_dates(with_operators(replace(REMOTE, register=register)), today)
    assert [each.code for each in problems] == ([] if code is None else [code])
    assert all(each.key == "operators[0].register.contract_expires" for each in problems)
