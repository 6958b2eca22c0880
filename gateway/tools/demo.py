"""The demonstration: a real gateway, a simulated SMSC and a webhook receiver, as separate processes on this machine.

It sends a mixed lot of messages, shows what became of each of them, and then searches everything that was written to
disk for the texts and numbers it sent.
"""

import asyncio
import contextlib
import json
import secrets
import signal
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.tools.leakscan import ScanReport, scan
from gateway.tools.trial_site import Stage, StageFailed, staged

FOLDER: Final = Path("demo-data")
ADMIN: Final = "[admin]\nport = 0\n"
FINISH_LIMIT_S: Final = 60.0
ROLES: Final = ("owner", "operations", "support", "privacy_officer", "auditor")
FINAL: Final = frozenset({"delivered", "undelivered", "expired", "rejected", "failed", "unknown", "cancelled"})
TEXTS: Final = (
    ("otp", "رمز التحقق الخاص بك هو {n:06d}، لا تشاركه مع أحد"),
    ("otp", "Your INTERKEY verification code is {n:06d}"),
    ("transactional", "Dear customer {n}, your order has been shipped and arrives on Thursday."),
    ("transactional", "عزيزي العميل، تم شحن طلبك رقم {n} وسيصل يوم الخميس بإذن الله"),
    ("transactional", "Thank you for your visit number {n} 🌷✨ see you soon!"),
    (
        "transactional",
        "Statement {n}: " + "your account was credited and debited as agreed; details are in the app. " * 3,
    ),
    ("transactional", "كشف الحساب {n}: " + "تمت إضافة المبلغ إلى حسابكم وفق الاتفاق، والتفاصيل في التطبيق. " * 3),
    ("transactional", "Invoice {n}: €12.50 [paid] {{thanks}} ~ team"),
)


class Lot(msgspec.Struct, frozen=True):
    """One message of the demonstration."""

    number: str
    text: str
    message_class: str


def lot(count: int) -> list[Lot]:
    """A mixed lot: one-time codes, Arabic, GSM 7-bit, emoji, long ones."""
    messages = []
    for index in range(count):
        message_class, form = TEXTS[index % len(TEXTS)]
        number = f"+9665{50_000_000 + index * 7_919 % 49_999_999:08d}"
        messages.append(Lot(number, form.format(n=483_920 + index * 37), message_class))
    return messages


def run_demo(*, keep: bool, messages: int, as_json: bool) -> int:
    """Run it all; 0 when every message came back final and nothing personal is on disk."""
    console = Console(stderr=as_json)
    stage = Stage(FOLDER, smsc=("--receipt-delay", "0.3"), more=ADMIN)
    with staged(stage):
        _hand_over(stage)
        console.print(f"gateway at {stage.url}, SMSC on port {stage.smsc_port}, files in {FOLDER}/")
        play = _Play(console, stage)
        outcome = asyncio.run(play.perform(lot(messages)))
        report = play.search(lot(messages))
        ok = _tell(console, outcome, report)
        if as_json:
            print(json.dumps({"statuses": Counter(each["status"] for each in outcome), "clean": report.clean}))  # noqa: T201
        if keep:
            play.stay(somebody(stage))
    return 0 if ok else 1


def _hand_over(stage: Stage) -> None:
    """A custodian in a folder of its own. It belongs on another machine; here it only shows how it is set up."""
    folder = stage.folder / "custodian"
    stage.command("custodian", "init", "--folder", str(folder))
    stage.command("custodian", "set", str(folder / "custodian.pub"))


class Person(msgspec.Struct, frozen=True):
    """Who may look at the console of the demonstration. code: serves once."""

    email: str
    password: str
    code: str


def somebody(stage: Stage) -> Person:
    """Somebody new, who may do everything there."""
    email, password = "demo@example.com", secrets.token_urlsafe(12)
    file = stage.folder / "password"
    file.touch(mode=0o600)
    file.write_text(password, "ascii")
    roles = [word for each in ROLES for word in ("--role", each)]
    words = ("--name", "Demonstration", "--email", email, "--password", f"@{file}")
    added = stage.command("person", "add", *roles, *words)
    file.unlink()
    return Person(email, password, stage.command("person", "totp", added["person"])["recovery_codes"][0])


class _Play:
    """Sends, follows and searches."""

    def __init__(self, console: Console, stage: Stage) -> None:
        self._console = console
        self._stage = stage
        self.told: Counter[str] = Counter()

    # ------------------------------------------------------------------------------------------------------ messages

    async def perform(self, messages: list[Lot]) -> list[dict[str, Any]]:
        """Send everything, wait until all of it is final; the records, in the order sent."""
        runner = await self._listen()
        try:
            headers = {"Authorization": f"Bearer {self._stage.key}"}
            async with aiohttp.ClientSession(self._stage.url, headers=headers) as session:
                with _progress(self._console) as progress:
                    ids = await self._send(session, messages, progress)
                    return await self._follow(session, ids, progress)
        finally:
            await runner.cleanup()

    async def _listen(self) -> web.AppRunner:
        """A webhook receiver, and the customer's endpoint set to it."""

        async def hear(request: web.Request) -> web.Response:
            self.told[json.loads(await request.read())["type"]] += 1
            return web.Response()

        application = web.Application()
        application.router.add_post("/", hear)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        await asyncio.to_thread(
            self._stage.command, "webhook", "set", self._stage.customer, f"http://127.0.0.1:{port}/"
        )
        await asyncio.sleep(1.0)  # nodes look for changed accounts twice a second
        return runner

    async def _send(self, session: aiohttp.ClientSession, messages: list[Lot], progress: Progress) -> list[str]:
        task = progress.add_task("accepted", total=len(messages))
        ids = []
        for index, each in enumerate(messages):
            body = {
                "to": each.number,
                "from": "INTERKEY",
                "text": each.text,
                "class": each.message_class,
                "reference": f"demo-{index}",
            }
            async with session.post("/v1/messages", json=body) as answer:
                if answer.status != 202:
                    raise StageFailed(f"the gateway answered {answer.status}: {(await answer.json())['code']}")
                ids.append((await answer.json())["id"])
            progress.advance(task)
        return ids

    async def _follow(self, session: aiohttp.ClientSession, ids: list[str], progress: Progress) -> list[dict[str, Any]]:
        final = progress.add_task("final", total=len(ids))
        told = progress.add_task("webhooks", total=len(ids))
        records: dict[str, dict[str, Any]] = {}
        deadline = time.monotonic() + FINISH_LIMIT_S
        while time.monotonic() < deadline:
            for each in ids:
                if records.get(each, {}).get("status") not in FINAL:
                    async with session.get(f"/v1/messages/{each}") as answer:
                        records[each] = await answer.json()
            done = sum(each["status"] in FINAL for each in records.values())
            progress.update(final, completed=done)
            progress.update(told, completed=self.told.total())
            if done == len(ids) and self.told.total() >= len(ids):
                break
            await asyncio.sleep(0.1)
        return [records[each] for each in ids]

    def search(self, messages: list[Lot]) -> ScanReport:
        """Look for every text and number in everything that was written."""
        canaries = [each.number for each in messages] + [each.text for each in messages]
        return scan([self._stage.folder], canaries)

    def stay(self, person: Person) -> None:
        """Keep running, and say how to use it."""
        _print_whole(self._console, "\nStill running; Ctrl-C stops it. Try:\n")
        _print_whole(self._console, f"  {_curl(self._stage.url, self._stage.key)}\n")
        _print_whole(self._console, f"The console is at {console_url(self._stage)}; sign in with\n")
        _print_whole(self._console, f"  e-mail address {person.email}\n  password       {person.password}")
        _print_whole(self._console, f"  code           {person.code} (serves once)\n")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def console_url(stage: Stage) -> str:
    return f"http://127.0.0.1:{stage.admin_port}/console/"


def _print_whole(console: Console, line: str) -> None:
    """As it is, however narrow the terminal: a command that is broken over lines cannot be copied."""
    console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _curl(url: str, key: str) -> str:
    body = '{"to":"+966512345678","from":"INTERKEY","text":"hello"}'
    return f"curl {url}/v1/messages -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{body}'"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _tell(console: Console, outcome: list[dict[str, Any]], report: ScanReport) -> bool:
    names = ("to", "tag", "text", "status", "s", "content", "record", "told")  # which fit into 80 columns
    table = Table(*names, title="What became of them", box=SIMPLE_HEAD, padding=0)
    for each in outcome:
        privacy = each["privacy"]
        table.add_row(
            each["to"],
            privacy["tag"],
            f"{each['encoding']}×{each['segments']}",
            each["status"],
            _seconds(each),
            "gone" if privacy["content_destroyed"] else privacy["content_until"][5:10],
            privacy["record_until"][5:10],
            f"{privacy['operator']} {privacy['country']}",
        )
    console.print(table)
    console.print("content, record: destroyed on; told: the operator that got it, and its country")
    counts = Counter(each["status"] for each in outcome)
    console.print("statuses: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    control = "found" if report.control_found else "NOT found"
    size = f"{report.files} files, {report.bytes:,} bytes"
    console.print(f"leak scan: {size}; planted control {control}; leaks {len(report.leaks)}")
    for leak in report.leaks:
        console.print(f"  LEAK {leak.path} at {leak.offset}: canary {leak.canary} as {leak.form}")
    return counts["delivered"] == len(outcome) and report.clean


def _seconds(record: Mapping[str, Any]) -> str:
    if "final_at" not in record:
        return ""
    return f"{_epoch(record['final_at']) - _epoch(record['accepted_at']):.2f}"


def _epoch(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
