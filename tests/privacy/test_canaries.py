"""Nothing personal is anywhere on disk, in an error or in a metric, whatever went wrong meanwhile.

One run of a real node at log level debug: texts, numbers, references, names, an e-mail, keys, secrets and URLs are sent
through success and failure, a kill -9 and a restart. Then every file that any process wrote is searched for them, in
every encoding that a careless write could have used.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from gateway.tools.leakscan import scan
from gateway.tools.trial_site import Stage
from operators.simulator import Faults, Simulator
from operators.smpp import status as st
from redaction.traces import find, traces
from tests.acceptance.client import Customer, customer_of, message, receiver, until_endpoint_known
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

ARABIC = "رمز التحقق السري الخاص بمريم هو ٧٣١٩٤٤"
LATIN = "Dear Maryam Alqahtani, your file 7319441 is ready"
LONG = "Statement for Maryam Alqahtani, account 7319442: please look at it in the app. " * 5
EMOJI = "Maryam 🌷✨ come at seven"
NUMBERS = ("+966537319440", "+966537319441", "+966537319442", "+966537319443", "+447731944099")
REFERENCE = "reference-canary-731944"
NAME = "Canary Trading Est"
EMAIL = "canary.owner@example.sa"
IDEMPOTENCY = "idempotency-canary-731944"
AGENT = "CanaryBrowser/731.944"
STRANGE = "strange-canary-value-731944"
PATH = "callback-canary-731944"


class Run:
    """What was sent and what came back over HTTP."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.secrets: list[str] = []
        self.errors: list[bytes] = []
        self.codes: set[str] = set()
        self.metrics = b""

    def canaries(self) -> list[str]:
        return [
            *(ARABIC, LATIN, LONG, EMOJI, *NUMBERS, *(number[1:] for number in NUMBERS)),
            *(REFERENCE, NAME, EMAIL, IDEMPOTENCY, AGENT, STRANGE, PATH, *self.secrets),
        ]


async def play(run: Run, smsc: Simulator) -> None:
    stage = run.stage
    async with receiver() as heard, customer_of(stage) as customer:
        added = await command(stage, "customer", "add", "--name", NAME, "--email", EMAIL, "--sender", "INTERKEY")
        run.secrets += [stage.key, (await command(stage, "key", "add", added["customer"]))["key"]]
        run.secrets.append((await command(stage, "webhook", "set", stage.customer, f"{heard.url}/{PATH}"))["secret"])
        await until_endpoint_known(customer, heard, LATIN)
        done = await send_everything(customer, f"{heard.url}/{PATH}")
        await customer.reach_all(done)
        await heard.until_told(done[:1])
        await provoke_errors(run, customer)
        await fail_at_the_operator(customer, smsc)
        await lose_power(run, customer, smsc)
        run.metrics = await metrics_of(stage)


async def command(stage: Stage, *words: str) -> Mapping[str, str]:
    return await asyncio.to_thread(stage.command, *words)


async def send_everything(customer: Customer, callback: str) -> list[str]:
    headers = {"Idempotency-Key": IDEMPOTENCY, "User-Agent": AGENT, "Referer": f"https://{STRANGE}.example/"}
    body = message(LATIN, to=NUMBERS[0], reference=REFERENCE, callback_url=callback)
    status, answer, _ = await customer.ask("POST", "/v1/messages", json=body, headers=headers)
    assert status == 202, answer
    more = [
        await customer.send(text, to=number, reference=REFERENCE, **{"class": message_class})
        for text, number, message_class in (
            (ARABIC, NUMBERS[1], "otp"),
            (LONG, NUMBERS[2], "transactional"),
            (EMOJI, NUMBERS[3], "transactional"),
        )
    ]
    batch = {"messages": [message(LATIN, to=NUMBERS[4]), message(LATIN, to=STRANGE), message(ARABIC, **{STRANGE: 1})]}
    status, answer, _ = await customer.ask("POST", "/v1/messages/batch", json=batch, headers={"User-Agent": AGENT})
    assert (status, answer["accepted"], answer["refused"]) == (202, 1, 2)
    return [answer["items"][0]["message"]["id"], *more]


async def provoke_errors(run: Run, customer: Customer) -> None:
    """Requests that fail, each with canaries where a careless error would quote them."""
    bodies: tuple[object, ...] = (
        message(LATIN, **{STRANGE: STRANGE}),
        message(LATIN, email=EMAIL),
        message(LATIN, to=f"{NUMBERS[0]}99999999"),
        message(LATIN, to=f"{STRANGE}{NUMBERS[0]}"),
        message(LATIN, **{"from": STRANGE[:11]}),
        message(LATIN, **{"class": STRANGE}),
        message(LATIN, retention=STRANGE),
        message(LATIN, schedule_at=STRANGE),
        message(LATIN, callback_url=f"http://{STRANGE}.example/{PATH}"),
        message(LATIN, reference=f"{REFERENCE}\0"),
        message(f"{LATIN}\0{ARABIC}"),
        message(LATIN * 200),
        message(LATIN, validity=LATIN),
        [LATIN, NUMBERS[0]],
        {"to": {"number": NUMBERS[0]}, "text": [LATIN]},
    )
    for body in bodies:
        await note_error(run, customer, "POST", "/v1/messages", json=body)
    for raw in (f'{{"to": "{NUMBERS[0]}", "text": "{LATIN}'.encode(), LATIN.encode("utf-16"), b'{"text": "\xff'):
        headers = {"Content-Type": "application/json"}
        await note_error(run, customer, "POST", "/v1/messages", data=raw, headers=headers)
    await note_error(run, customer, "GET", f"/v1/messages/{NUMBERS[0]}")
    await note_error(run, customer, "GET", "/v1/messages", params={STRANGE: NUMBERS[0]})
    await note_error(run, customer, "GET", "/v1/messages", params={"since": NUMBERS[0]})
    await note_error(run, customer, "GET", f"/{STRANGE}/{NUMBERS[0]}?text={PATH}")
    await note_error(run, customer, "GET", "/v1/messages", headers={"Authorization": f"Bearer {STRANGE}"})
    await note_error(run, customer, "POST", "/v1/messages", json={}, headers={"Idempotency-Key": f"{IDEMPOTENCY}é"})


async def note_error(run: Run, customer: Customer, method: str, path: str, **more: object) -> None:
    status, body, headers = await customer.ask(method, path, **more)
    assert 400 <= status < 500, status
    run.codes.add(body["code"])
    run.errors.append(repr((body, dict(headers))).encode())


async def fail_at_the_operator(customer: Customer, smsc: Simulator) -> None:
    smsc.faults = Faults(error_rate=1.0, error_status=st.RINVDSTADR)
    assert (await customer.reach(await customer.send(LATIN, to=NUMBERS[0])))["status"] == "rejected"
    smsc.faults = Faults(receipt_state_failed_rate=1.0)
    assert (await customer.reach(await customer.send(ARABIC, to=NUMBERS[1])))["status"] == "undelivered"
    smsc.faults = Faults()


async def lose_power(run: Run, customer: Customer, smsc: Simulator) -> None:
    """kill -9 while messages are with the operator and others wait, and the restart that finishes them."""
    smsc.faults = Faults(silent_rate=1.0)
    silent = smsc.tally.silent
    ids = [await customer.send(LATIN, to=number, reference=REFERENCE) for number in NUMBERS]
    async with asyncio.timeout(LIMIT_S):
        await smsc.until(lambda tally: tally.silent - silent >= len(NUMBERS))
    await asyncio.to_thread(run.stage.kill_gateway)
    copy_wreck(run.stage)
    smsc.faults = Faults()
    await asyncio.to_thread(run.stage.start_gateway)
    assert {each["status"] for each in await customer.reach_all(ids)} == {"delivered"}


def copy_wreck(stage: Stage) -> None:
    """What the power cut left is searched too, before the restart tidies it."""
    for folder in ("data", "keys", "root"):
        for path in (each for each in (stage.folder / folder).rglob("*") if each.is_file()):
            name = "-".join(path.relative_to(stage.folder / folder).parts)
            (stage.folder / f"wreck-{name}").write_bytes(path.read_bytes())


async def metrics_of(stage: Stage) -> bytes:
    """The metrics page, at the port that the log says."""
    said = [json.loads(line) for line in stage.log.read_bytes().splitlines() if b'"metrics"' in line]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{said[-1]['port']}/metrics") as answer,
    ):
        assert answer.status == 200
        return await answer.read()


@contextlib.asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[tuple[Run, Simulator]]:
    smsc = Simulator()
    await smsc.start()
    stage = QuickStage(folder, smsc_port=smsc.port)
    try:
        await asyncio.to_thread(stage.prepare)
        yield Run(stage), smsc
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run, over and stopped: its files are complete."""

    async def perform() -> Run:
        async with prepared(tmp_path_factory.mktemp("canaries") / "stage") as (run, smsc):
            await play(run, smsc)
            return run

    return asyncio.run(perform())


@pytest.mark.policy("P-05")
@pytest.mark.policy("P-03")
@pytest.mark.policy("P-04")
def test_no_file_that_the_gateway_wrote_holds_a_canary_in_any_form(run: Run) -> None:
    report = scan([run.stage.folder], run.canaries())
    assert report.control_found
    assert report.leaks == ()
    assert report.clean
    names = {path.name for path in run.stage.folder.rglob("*") if path.is_file()}
    assert {"gateway.log", "ledger.db", "keys.db", "wreck-ledger.db", "wreck-ledger.db-wal"} <= names


@pytest.mark.policy("P-05")
def test_the_search_finds_what_is_planted_beside_those_files(run: Run) -> None:
    planted = run.stage.folder / "planted"
    canaries = run.canaries()
    for index, value in enumerate(canaries):
        planted.write_bytes(b"\0noise\0" + value.encode("utf-16-le") + b"\0noise\0")
        found = {(Path(leak.path).name, leak.canary) for leak in scan([run.stage.folder], [value]).leaks}
        assert found == {("planted", 0)}, index
    planted.unlink()


@pytest.mark.policy("P-05")
def test_error_answers_and_metrics_quote_no_canary(run: Run) -> None:
    assert len(run.codes) >= 12
    assert b"gateway_" in run.metrics
    for index, value in enumerate(run.canaries()):
        forms = traces(value)
        assert not find(run.metrics, forms), index
        for error in run.errors:
            assert not find(error, forms), (index, len(error))


@pytest.mark.policy("P-05")
def test_the_log_speaks_at_debug_level_and_names_no_recipient(run: Run) -> None:
    log = run.stage.log.read_bytes()
    assert b'"debug"' in log
    assert b'"started"' in log
    assert b"5373194" not in log


@pytest.mark.policy("P-03")
async def test_a_field_outside_the_schema_is_refused(tmp_path: Path) -> None:
    async with prepared(tmp_path / "stage") as (run, smsc), customer_of(run.stage) as customer:
        for extra in ({"email": EMAIL}, {"name": NAME}, {"campaign": "summer"}):
            status, body, _ = await customer.ask("POST", "/v1/messages", json=message("Hello", **extra))
            assert (status, body["code"]) == (400, "unknown_field")
        listed = await customer.ask("GET", "/v1/messages")
        assert smsc.tally.submits == 0
    assert listed[1]["messages"] == []
