"""One period that is changed in the settings changes page, JSON, record of processing and report together."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.integration.page_stage import served

OTP = '[[retention]]\ntag = "otp"\nrecord_s = 172800\n'


def said(folder: Path, *words: str) -> Any:
    with capture_logs():
        done = CliRunner().invoke(app, [*words, "--config", str(folder / "gateway.toml")])
    return json.loads(done.stdout)


async def told(folder: Path, more: str = "") -> dict[str, str]:
    """What each of the four says of one-time codes, with these settings, by who says it."""
    async with served(folder, more) as site:
        _, page, _ = await site.get("/privacy?lang=en")
        notice = json.loads((await site.get("/privacy.json"))[1])["notice"]
    report = await asyncio.to_thread(said, folder, "privacy", "report", "--json")
    record = await asyncio.to_thread(said, folder, "privacy", "ropa", "--format", "json")
    row = page.partition("One-time codes</bdi></th>")[2].partition("</tr>")[0]
    return {
        "page": row,
        "json": json.dumps(next(each for each in notice["periods"] if each["tag"] == "otp")),
        "report": next(each["seen"] for each in report if each["id"] == "P-21"),
        "record": next(each["retention"] for each in record if "otp: " in each["retention"]),
        "changed": page,
    }


@pytest.mark.policy("P-39")
async def test_one_period_changes_page_json_record_and_report_together(tmp_path: Path) -> None:
    before, after = await told(tmp_path), await told(tmp_path, OTP)
    expected = {
        "page": ("90 days", "2 days"),
        "json": ('"record_s": 7776000', '"record_s": 172800'),
        "report": ("otp: content 10 min, record 90 d", "otp: content 10 min, record 2 d"),
        "record": ("record 7776000 s", "record 172800 s"),
    }
    for name, (was, now) in expected.items():
        assert (was in before[name], now in after[name]) == (True, True), name
        assert before[name].replace(was, now, 1) == after[name], name
    assert "What changed with this version" not in before["changed"]
    assert "The record is kept: One-time codes" in after["changed"]
