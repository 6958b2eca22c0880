"""Kannel's status pages over real sockets: on the road, on a whole node, and beside Kannel where it is installed."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from config.pages import PagesSettings
from config.privacy import PrivacySettings
from gateway.accounts.customers import KeySettings
from gateway.control.reports import LinkReport, Report, Reporter
from redaction.personal import Purpose
from tests.bounds import LIMIT_S
from tests.integration.facade_stage import FacadeStage, facade_stage
from tests.integration.road_api import EVERY, api_on_road
from tests.integration.test_facade_kannel_beside import ON, PASSWORD, PROGRAMS, kannel
from tests.unit.gateway.stage import FACADE_TOKEN, Answer, Stage, facade_key, read_answer

PATHS = [f"{root}/{page}{suffix}" for root in ("", "/cgi-bin") for page in ("status", "store-status")
         for suffix in ("", ".txt", ".html", ".xml")]  # fmt: skip
_TOLD = f"/status?password={PASSWORD}"
DENIED = {
    ".html": b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">\n<html>\n<title>Kannel</title>\n<body>\n'
    b"<p>Denied</p>\n</body></html>\n",
    ".xml": b'<?xml version="1.0"?>\n<gateway>\nDenied</gateway>\n',
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Where another process has said something of itself."""
    watcher = facade_key("kannel", scopes=("operators",))
    sender = facade_key("kannel", classes=EVERY, scopes=("send", "status"), token="1" * 32, prefix="1" * 8)
    async with api_on_road(tmp_path, keys=(watcher, sender), settings=ON) as (stage, road):
        link = LinkReport(state="up", binds_up=1, sent=5, receipts=4, received=3, failed=2, waiting=1)
        said = Report(node="riyadh", operators={"stc": link, "mobily": LinkReport(state="down")}, awaited=6)
        await Reporter(road.ledger.acts, road.clock, lambda: said).report()
        yield stage


async def look(stage: Stage, path: str, **said: str) -> Answer:
    return await stage.ask("GET", f"{path}?{urlencode(said)}", token=None)


async def test_a_monitor_reads_the_whole(stage: Stage) -> None:
    answer = await look(stage, "/status.xml", password=FACADE_TOKEN)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    root = ElementTree.fromstring(answer.body.decode())
    assert re.fullmatch(r"running, uptime \d+d \d+h \d+m \d+s", root.findtext("status") or "")
    assert {each.findtext("id"): (each.findtext("status") or "").split()[0] for each in root.iter("smsc")} == {
        "stc": "online",
        "mobily": "re-connecting",
    }
    text = (await look(stage, "/status", password=FACADE_TOKEN)).body.decode()
    assert "SMS: received 3 (0 queued), sent 5 (1 queued), store size 1\n" in text
    assert re.search(r"^    stc\[stc\]    stc \(online \d+s, .*, failed 2, queued 1 msgs\)$", text, re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_is_for_a_key_and_refused_in_kannels_words_without(stage: Stage, path: str) -> None:
    assert (await look(stage, path, password=FACADE_TOKEN)).status == 200
    denied = DENIED.get(path[path.rfind(".") :] if "." in path else "", b"Denied")
    for said in ({}, {"password": ""}, {"password": "canary"}, {"password": "1" * 32}):
        answer = await look(stage, path, **said)
        assert (answer.status, answer.body) == (200, denied)


async def test_user_name_and_password_are_a_key_as_well_and_a_form_may_carry_it(stage: Stage) -> None:
    user, password = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
    assert b"stc" in (await look(stage, "/status", username=user, password=password)).body
    form = urlencode({"password": FACADE_TOKEN}).encode()
    kind = "application/x-www-form-urlencoded"
    assert b"stc" in (await stage.ask("POST", "/status", raw=form, token=None, content_type=kind)).body


async def test_a_key_of_the_status_pages_sends_nothing(stage: Stage) -> None:
    said = {"username": FACADE_TOKEN[:8], "password": FACADE_TOKEN[8:], "to": "+966500000078", "text": "hello"}
    assert (await look(stage, "/cgi-bin/sendsms", **said)).status == 403


async def test_what_else_goes_wrong_is_said_in_the_frame(stage: Stage) -> None:
    assert (await stage.ask("HEAD", "/status.xml", token=None)).status == 405
    stage.api.health.stopping = True
    answer = await look(stage, "/status.xml", password=FACADE_TOKEN)
    assert (answer.status, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert ElementTree.fromstring(answer.body).text == "\nTemporal failure, try again later."


async def test_what_a_node_sends_is_counted_at_once_and_nobody_is_named(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        token = await watcher_of(stage)
        message = {"to": "+966500000078", "from": "INTERKEY", "text": "canary"}
        who = {"username": stage.user, "password": stage.password}
        assert (await stage.ask(f"GET /cgi-bin/sendsms?{urlencode(who | message)}")).status == 202
        async with asyncio.timeout(LIMIT_S):
            while b"sent 1 (0 queued), store size 0" not in (await stage.ask(f"GET /status?password={token}")).body:
                await asyncio.sleep(0.01)
        for path in PATHS:
            said = (await stage.ask(f"GET {path}?password={token}")).body
            assert not re.search(rb"500000078|canary|INTERKEY", said)


async def test_browsers_get_the_page_for_everybody_where_there_is_one(tmp_path: Path) -> None:
    told = PrivacySettings(controller="Trial", contact="privacy@example.sa")
    async with facade_stage(tmp_path, pages=PagesSettings(enabled=True), privacy=told) as stage:
        token, accept = await watcher_of(stage), "Accept: text/html,*/*"
        assert b"<html lang" in (await stage.ask("GET /status", b"", accept)).body
        assert (await stage.ask(f"GET /status?password={token}", b"", accept)).body.startswith(b"Kannel bearerbox")
        assert (await stage.ask("GET /status")).body == b"Denied"
        assert b"accepting" in (await stage.ask("GET /status.json", b"", accept)).body


async def watcher_of(stage: FacadeStage) -> str:
    """A key for the status pages."""
    _, secret = await stage.gateway.accounts.add_key(
        stage.gateway.customer, scopes=("operators",), settings=KeySettings(), facades=("kannel",)
    )
    await stage.gateway.node.stores.directory.refresh()
    return secret.reveal(Purpose.CREDENTIAL)


@pytest.mark.slow  # starts two programs; tests/unit/…/kannel/test_drawing.py holds the pages to what was seen of them
@pytest.mark.skipif(None in PROGRAMS, reason="Kannel is not installed (on Debian: the package kannel)")
async def test_pages_are_laid_out_as_kannels(tmp_path: Path) -> None:
    """With one SMSC and one box: the same lines and elements in the same order, whatever the names and numbers."""
    async with api_on_road(tmp_path, keys=(facade_key("kannel", scopes=("operators",)),), settings=ON) as (here, road):
        said = Report(node="riyadh", operators={"stc": LinkReport(state="up")})
        await Reporter(road.ledger.acts, road.clock, lambda: said).report()
        async with kannel(tmp_path) as ports:
            await until_complete(ports.admin)
            for path in PATHS:
                there = await asked_of_kannel(ports.admin, f"{path}?password={PASSWORD}")
                ours = await look(here, path, password=FACADE_TOKEN)
                assert ours.headers["content-type"] == there.headers["content-type"], path
                assert outline(ours.body.decode()) == outline(there.body.decode()), path
                denied = await asked_of_kannel(ports.admin, path)
                refused = await look(here, path)
                assert (refused.status, refused.body) == (denied.status, denied.body), path


async def until_complete(port: int) -> None:
    """Kannel knows of its SMSC and of its box."""
    async with asyncio.timeout(LIMIT_S):
        while not re.search(rb"smsbox:.*online \d+s", (await asked_of_kannel(port, _TOLD)).body, re.DOTALL):
            await asyncio.sleep(0.05)


async def asked_of_kannel(port: int, target: str) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: kannel\r\nConnection: close\r\n\r\n".encode())
        return await read_answer(reader)
    finally:
        writer.close()


def outline(page: str) -> list[str]:
    """Its lines without what Kannel says of how it was built, without names and numbers, and without blank ones.

    The size of a store that Kannel does not have is -1.
    """
    plain = re.sub(r"version `1\.4\.5'\.\n.*?(?=</version>|</p>|\n\n)", "version", page, flags=re.DOTALL)
    plain = re.sub(r"\S+\[\S+\]((?:&nbsp;| )+)\S+ \(", r"NAME[NAME]\1NAME (", plain)
    plain = re.sub(r"smsbox:\w+", "smsbox:NAME", plain)
    plain = re.sub(r"<(name|id|admin-id)>.*?<", r"<\1>NAME<", plain)
    return [line.rstrip() for line in re.sub(r"-?\d+", "N", plain).splitlines() if line.strip()]
