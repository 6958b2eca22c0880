"""A breach over the admin API and by verbs beside a node that runs."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.people.roles import Role
from tests.integration.admin_stage import running_admin
from tests.integration.test_subject_verbs import OTHER, PERSON, told

BREACHES = "/admin/v1/breaches"
CANARY = "canary of what happened"


@pytest.mark.policy("P-28")
async def test_a_breach_is_opened_over_the_api_and_drafted_and_closed_by_verbs(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        for number in (PERSON, OTHER):
            await admin.send(to=number)
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        viewer, _ = await admin.person(Role.OPERATIONS, email="b@example.com")
        work, read = await admin.session(officer), await admin.session(viewer)
        status, opened, _ = await admin.ask("POST", BREACHES, {"text": CANARY}, work)
        assert (status, opened["state"], opened["estimate"]) == (201, "open", None)
        case = opened["case"]
        assert (await admin.ask("POST", BREACHES, {"text": CANARY}, read))[1]["code"] == "not_allowed"
        asked = {"since": "2026-01-01T00:00:00Z"}
        status, counted, _ = await admin.ask("POST", f"{BREACHES}/{case}/estimate", asked, work)
        assert (status, counted["estimate"]["messages"], counted["estimate"]["at_most"]) == (200, None, None)
        before = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
        status, refused, _ = await admin.ask("POST", f"{BREACHES}/{case}/estimate", before, work)
        assert (status, refused["code"], refused["field"]) == (400, "invalid_value", "until")
        (group,) = counted["estimate"]["groups"]
        assert (group["customer"], group["at_most"]) == (admin.customer, None)
        status, made, _ = await admin.ask("POST", f"{BREACHES}/{case}/draft", {"to": "people"}, work)
        assert (status, CANARY in made["page"]) == (200, True)
        assert made["missing"] == ["risks", "measures", "advice", "controller", "contact"]
        file = tmp_path / "notice.html"
        words = ("breach", "draft", case, str(file), "--to", "authority", "--language", "en", "--risks", "spam")
        done = await asyncio.to_thread(told, tmp_path, *words)
        assert (CANARY in file.read_text("utf-8"), "risks" in done["missing"]) == (True, False)
        listed = await asyncio.to_thread(told, tmp_path, "breach", "list")
        assert [(each["case"], each["people_at_most"]) for each in listed] == [(case, None)]
        ended = await asyncio.to_thread(told, tmp_path, "breach", "close", case)
        assert (ended["state"], ended["authority_told_at"]) == ("closed", None)
        status, shown, _ = await admin.ask("GET", f"{BREACHES}/{case}", None, read)
        assert (status, shown["state"], CANARY in str(shown)) == (200, "closed", False)
        assert [each["what"] for each in await admin.entries("breach.draft")] == ["people", "authority"]
        assert len(await admin.entries("breach.estimate")) == 1


def test_fewer_than_five_people_are_counted_by_no_verb() -> None:
    words = ("breach", "estimate", "R-AAAAAAAAAAAAA", "--since", "2026-01-01T00:00:00Z", "--fewest", "1")
    assert CliRunner().invoke(app, words).exit_code == 2


async def test_a_breach_by_verbs_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path):
        text = tmp_path / "text.txt"
        text.write_text(CANARY, "utf-8")
        opened = await asyncio.to_thread(told, tmp_path, "breach", "open", "--text", f"@{text}")
        words = ("breach", "estimate", opened["case"], "--since", "2026-01-01T00:00:00Z")
        counted = await asyncio.to_thread(told, tmp_path, *words)
        assert (counted["messages"], counted["groups"]) == (0, [])
