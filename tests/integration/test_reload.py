"""Settings that a running node takes over: all that changed, or nothing."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from config.problems import ConfigError, Severity
from gateway.model.message import Status
from gateway.model.refusals import Refusal
from operators.simulator import Faults
from tests.integration.reload_stage import PREFIXES, ReloadStage, reload_stage
from tests.interop.certificates import make_certificates
from tests.unit.gateway.road import EVERY_CLASS, a_request, offered

NAMES = ("steady", "turned", "guest")
ROUTES = """
[[routes]]
prefix = "966500"
operators = ["steady"]
[[routes]]
prefix = "966501"
operators = ["turned", "steady"]
"""
FALLBACK = ROUTES + '[[routes]]\nprefix = "966502"\noperators = ["steady"]\n'
WITH_GUEST = ROUTES + '[[routes]]\nprefix = "966502"\noperators = ["guest", "steady"]\n'


async def reload_under_load(folder: Path, times: int) -> None:
    faults = Faults(answer_delay_s=0.01, receipt_delay_s=0.01)
    async with reload_stage(folder, NAMES, faults=faults, routes=WITH_GUEST) as stage:
        done = asyncio.Event()
        load = asyncio.create_task(_keep_sending(stage, done))
        for number in range(times):
            names = NAMES if number % 2 else ("steady", "turned")
            routes = WITH_GUEST if number % 2 else FALLBACK
            stage.write(names, routes=routes, turned=f"window = {10 + number % 7}")
            assert await stage.reload()
            await stage.until_used(names)
        done.set()
        await load
        stage.write(
            NAMES, routes=WITH_GUEST, turned=f"window = {10 + (times - 1) % 7}"
        )  # receipts of what it had come to an operator that is back
        await stage.reload()
        records = await stage.until_all(Status.DELIVERED)
        smscs = stage.smscs
        assert len(records) == len(stage.sent) == sum(each.tally.accepted for each in smscs.values())
        assert sum(each.tally.duplicates for each in smscs.values()) == 0
        assert (smscs["steady"].tally.connections, smscs["steady"].tally.binds) == (1, 1)
        assert smscs["turned"].tally.binds == times + 1


async def _keep_sending(stage: ReloadStage, done: asyncio.Event) -> None:
    while not done.is_set():
        for prefix in PREFIXES.values():
            await stage.send(4, prefix)


async def test_five_reloads_under_load_lose_nothing_and_unchanged_operators_keep_their_binds(tmp_path: Path) -> None:
    await reload_under_load(tmp_path, 5)


@pytest.mark.slow
async def test_a_hundred_reloads_under_load_lose_nothing(tmp_path: Path) -> None:
    await reload_under_load(tmp_path, 100)


async def test_an_operator_that_is_added_is_bound_and_used(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "guest"), start=("steady",)) as stage:
        stage.write(("steady", "guest"))
        assert await stage.reload() == ["operators[guest]", "routes[1]"]
        await stage.send(3, PREFIXES["guest"])
        records = await stage.until_all(Status.DELIVERED)
    assert {each.operator for each in records} == {"guest"}


async def test_what_waits_for_an_operator_that_goes_takes_the_route_that_is_left(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "guest"), faults=Faults(receipt_delay_s=0.01)) as stage:
        stage.smscs["guest"].faults = Faults(throttle_rate=1.0)
        await stage.send(40, PREFIXES["guest"])
        async with asyncio.timeout(60):
            await stage.smscs["guest"].until(lambda tally: tally.submits >= 1)
        stage.write(("steady",), routes='[[routes]]\noperators = ["steady"]\n')
        assert await stage.reload() == ["operators[guest]", "routes[0].prefix", "routes[1]"]
        assert "guest" not in stage.node.road.operators
        assert not stage.smscs["guest"].bound
        records = await stage.until_all(Status.DELIVERED)
    assert {each.operator for each in records} == {"steady"}


async def test_what_no_route_takes_waits_until_its_operator_is_back(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "guest")) as stage:
        stage.smscs["guest"].faults = Faults(throttle_rate=1.0)
        await stage.send(5, PREFIXES["guest"])
        stage.write(("steady",))
        await stage.reload()
        await stage.send(1, PREFIXES["steady"])
        assert not any(each.operator_ids for each in [await stage.record(key) for key in list(stage.sent)[:5]])
        stage.smscs["guest"].faults = Faults()
        stage.write(("steady", "guest"))
        await stage.reload()
        records = await stage.until_all(Status.DELIVERED)
    assert [each.operator for each in records] == ["guest"] * 5 + ["steady"]


async def test_messages_that_must_not_be_sent_twice_go_on_over_another_operator_once(tmp_path: Path) -> None:
    in_doubt = '[[routes]]\noperators = ["{}"]\nin_doubt = "fail"\n'
    async with reload_stage(tmp_path, ("steady", "guest"), routes=in_doubt.format("guest")) as stage:
        stage.smscs["guest"].faults = Faults(throttle_rate=1.0)
        await stage.send(30, PREFIXES["guest"])
        async with asyncio.timeout(60):
            await stage.smscs["guest"].until(lambda tally: tally.submits >= 1)
        stage.write(("steady",), routes=in_doubt.format("steady"))
        await stage.reload()
        await stage.until_all(Status.DELIVERED)
        assert (stage.smscs["steady"].tally.accepted, stage.smscs["steady"].tally.duplicates) == (30, 0)


async def test_a_changed_operator_waits_for_the_answers_of_its_old_link(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("turned",), faults=Faults(answer_delay_s=0.2, receipt_delay_s=0.4)) as stage:
        await stage.send(20, PREFIXES["turned"])
        async with asyncio.timeout(60):
            await stage.smscs["turned"].until(lambda tally: tally.submits >= 20)
        stage.write(("turned",), turned="window = 5")
        assert await stage.reload() == ["operators[turned].window"]
        await stage.until_bound("turned", times=2)
        await stage.send(20, PREFIXES["turned"])
        records = await stage.until_all(Status.DELIVERED)
        assert stage.smscs["turned"].tally.accepted == len(records) == 40
        assert stage.node.road.operators["turned"].health().window == 5


async def test_an_operator_whose_password_is_another_one_binds_with_it(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("old")
    said = f'password = {{ file = "{secret}" }}'
    async with reload_stage(tmp_path, ("turned", "steady"), password="old", turned=said, steady=said) as stage:
        assert await stage.reload() == []
        other = tmp_path / "another"
        other.write_text("old")
        stage.write(("turned", "steady"), turned=said, steady=said.replace(str(secret), str(other)))
        assert await stage.reload() == ["operators[steady].password"]
        await stage.until_bound("steady", times=2)
        secret.write_text("new")
        stage.smscs["turned"].password = "new"
        assert await stage.reload() == ["operators[turned].password"]
        await stage.until_bound("turned", times=2)
        assert stage.smscs["steady"].tally.connections == 2


async def test_another_kind_of_link_takes_an_operators_place(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "turned")) as stage:
        text = stage.text.replace(
            f'name = "turned"\nhost = "127.0.0.1"\nport = {stage.smscs["turned"].port}\nsystem_id = "gateway"\n'
            "reconnect_first_s = 0.1",
            'name = "turned"\nkind = "loopback"',
        )
        stage.file.write_text(text)
        assert await stage.reload() == ["operators[turned].kind"]
        await stage.send(3, PREFIXES["turned"])
        await stage.until_all(Status.DELIVERED)
        assert stage.smscs["turned"].tally.accepted == 0


# --------------------------------------------------------------------------------------------------- other settings


def _max_segments(stage: ReloadStage) -> bool:
    try:
        offered(stage.node.road.door, EVERY_CLASS, a_request(to="+966500000001", text="long " * 100))
    except Refusal as refusal:
        return refusal.code == "text_too_long"
    return False


LIVE: dict[str, tuple[str, str, Callable[[ReloadStage], object], object, object]] = {
    "log.level": ("[log]\nlevel = {}\n", '"error"', lambda _: logging.getLogger().level, logging.INFO, logging.ERROR),
    "messages.max_segments": ("[messages]\nmax_segments = {}\n", "1", _max_segments, False, True),
    "dispatch.active_per_operator": (
        "[dispatch]\nactive_per_operator = {}\n",
        "8",
        lambda stage: stage.node.road.dispatch.lanes.by_name["steady"].backlog_room(),
        3000,
        6,
    ),
    "webhooks.max_inflight": (
        "[webhooks]\nmax_inflight = {}\n",
        "7",
        lambda stage: stage.node.road.deliverer.held.room(),
        2000,
        7,
    ),
    "smpp_server.max_connections": (
        "[smpp_server]\nmax_connections = {}\n",
        "9",
        lambda stage: stage.node.fronts.smpp_server._seats.most,
        1000,
        9,
    ),
    "sweeper.interval_s": (
        "[sweeper]\ninterval_s = {}\n",
        "60",
        lambda stage: stage.node.road.sweeper._settings.interval_s,
        5,
        60,
    ),
}


@pytest.mark.parametrize("setting", LIVE)
async def test_a_live_setting_takes_effect(tmp_path: Path, setting: str) -> None:
    form, value, look, before, after = LIVE[setting]
    async with reload_stage(tmp_path, ("steady",)) as stage:
        logging.getLogger().setLevel(logging.INFO)
        assert look(stage) == before
        stage.write(("steady",), more=form.format(value))
        assert await stage.reload() == [setting]
        assert look(stage) == after
        assert stage.smscs["steady"].tally.connections == 1


async def test_limits_of_http_hold_for_the_next_request(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady",)) as stage, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{stage.node.fronts.http.listener.port}"
        stage.write(("steady",), http="max_batch = 3\nmax_connections = 50\n")
        assert await stage.reload() == ["http.max_batch", "http.max_connections"]
        async with session.get(url + "/openapi.json") as answer:
            described = await answer.json()
    batch = described["paths"]["/v1/messages/batch"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert '"maxItems": 3' in str(batch).replace("'", '"') or "3" in str(described["components"])
    assert stage.node.fronts.http.listener.seats.most == 50


async def test_a_certificate_that_was_replaced_is_shown_to_new_connections(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    first, second, third = (make_certificates(tmp_path / name) for name in ("a", "b", "c"))
    files = 'tls_certificate = "{}"\ntls_key = "{}"\n'
    async with reload_stage(tmp_path, ("steady",), http=files.format(first.server, first.server_key)) as stage:
        assert await _shown(stage) == _octets(first.server)
        Path(first.server).write_bytes(Path(second.server).read_bytes())
        with pytest.raises(ConfigError, match=r"http\.tls_certificate"):
            await stage.reload()  # the key is another one's
        Path(first.server_key).write_bytes(Path(second.server_key).read_bytes())
        assert await stage.reload() == []
        assert await _shown(stage) == _octets(second.server)
        stage.write(("steady",), http=files.format(third.server, third.server_key))
        assert await stage.reload() == ["http.tls_certificate", "http.tls_key"]
        assert await _shown(stage) == _octets(third.server)


async def _shown(stage: ReloadStage) -> bytes | None:
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    port = stage.node.fronts.http.listener.port
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=asking)
    found: Any = writer.get_extra_info("ssl_object")
    writer.close()
    shown: bytes | None = found.getpeercert(binary_form=True)
    return shown


def _octets(certificate: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(Path(certificate).read_text())


# ------------------------------------------------------------------------------------------------- nothing changes


WRONG = {
    "an unknown key": ('[log]\nlevel = "error"\n[retention_]\n', "", "retention_", "unknown_key"),
    "no TOML": ("[log\n", "", "", "not_toml"),
    "a wrong value": ('[log]\nlevel = "loud"\n', "", "log.level", "out_of_range"),
    "a secret that is not there": (
        '[log]\nlevel = "error"\n',
        'password = { file = "/nowhere/password" }',
        "operators[steady]",
        "secret_missing",
    ),
    "files that are not there": (
        '[log]\nlevel = "error"\n',
        'tls = { enabled = true, ca_file = "/nowhere/ca.pem" }',
        "operators[steady]",
        "unusable",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_wrong_file_changes_nothing_and_names_the_place(tmp_path: Path, kind: str) -> None:
    more, operator, key, code = WRONG[kind]
    async with reload_stage(tmp_path, ("steady",)) as stage:
        logging.getLogger().setLevel(logging.INFO)
        stage.write(("steady",), more=more, steady=operator)
        with pytest.raises(ConfigError) as refused:
            await stage.reload()
        (problem,) = [each for each in refused.value.problems if each.severity is Severity.ERROR]
        assert (problem.key, problem.code) == (key, code)
        if code in ("unknown_key", "not_toml", "out_of_range"):
            assert problem.file == str(stage.file)
            assert problem.line == 1 + stage.text[: stage.text.index(more.strip().splitlines()[-1])].count("\n")
        assert logging.getLogger().level == logging.INFO
        await stage.send(1, PREFIXES["steady"])
        await stage.until_all(Status.DELIVERED)
        assert stage.smscs["steady"].tally.connections == 1


async def test_what_needs_a_restart_is_named_and_nothing_is_taken_over(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "guest"), start=("steady",)) as stage:
        logging.getLogger().setLevel(logging.INFO)
        stage.write(("steady", "guest"), http='host = "localhost"\n', more='[log]\nlevel = "error"\nformat = "json"\n')
        with pytest.raises(ConfigError) as refused:
            await stage.reload()
        assert [(each.key, each.code) for each in refused.value.problems] == [
            ("http.host", "restart_needed"),
            ("log.format", "restart_needed"),
        ]
        assert logging.getLogger().level == logging.INFO
        assert "guest" not in stage.node.road.operators
        assert stage.smscs["guest"].tally.connections == 0


async def test_an_address_that_another_process_has_is_found_before_anything_changes(tmp_path: Path) -> None:
    async with reload_stage(tmp_path, ("steady", "guest"), start=("steady",)) as stage:
        taken = stage.smscs["steady"].port
        outbind = f'outbind = {{ port = {taken}, peers = ["127.0.0.1"], system_id = "x" }}'
        stage.write(("steady", "guest"), guest=outbind)
        with pytest.raises(ConfigError, match="in use"):
            await stage.reload()
        assert "guest" not in stage.node.road.operators
