"""What the admin API tells of everything: traffic, what is kept and by which keys, the newest of the audit log."""

import asyncio
import subprocess
import sys
from pathlib import Path

from gateway.audit.tiles import CHECKPOINT
from gateway.people.roles import Action
from tests.bounds import LIMIT_S
from tests.integration.admin_stage import running_admin

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "audit_verify.py"


async def test_traffic_is_summed_over_customers_and_small_sums_are_hidden(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        for _ in range(3):
            await admin.send()
        everything = await admin.token(Action.USAGE_READ, Action.USAGE_SMALL)
        counts = await admin.token(Action.USAGE_READ)
        status, told, _ = await admin.ask("GET", "/admin/v1/traffic?by=hour", headers=everything)
        assert status == 200
        assert sum(each["messages"] for each in told["times"] if each["status"] == "accepted") == 3
        assert told["customers"] == [{"customer": admin.customer, "messages": {"accepted": 3, "delivered": 3}}]
        status, told, _ = await admin.ask("GET", "/admin/v1/traffic", headers=counts)
        assert (status, told["fewer_than"]) == (200, 10)
        assert {each["messages"] for each in told["times"]} == {None}
        other = await admin.token(Action.USAGE_READ, customer="cus_0000000000000000")
        status, told, _ = await admin.ask("GET", "/admin/v1/traffic", headers=other)
        assert (status, told["customers"]) == (200, [])
        assert (await admin.ask("GET", "/admin/v1/traffic?by=year", headers=counts))[0] == 400


async def test_what_is_kept_is_told_by_tag_with_holds_and_keys(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send()
        headers = await admin.token(Action.RETENTION_READ, Action.HOLD_READ, Action.KEYS_READ)
        _, told, _ = await admin.ask("GET", "/admin/v1/retention", headers=headers)
        tags = {each["tag"]: each for each in told["tags"]}
        assert (tags["otp"]["content_s"], tags["otp"]["lag_s"]) == (600, 0.0)
        assert tags["transactional"]["oldest"] is not None
        sweep = "/admin/v1/retention/sweep"
        assert (await admin.ask("POST", sweep, headers=headers))[0] == 403
        status, told, _ = await admin.ask(
            "POST", sweep, {"reason": "ticket 4711"}, await admin.token(Action.RETENTION_SWEEP)
        )
        assert (status, {each["tag"] for each in told["tags"]}) == (202, set(tags))
        assert [each["res"] for each in await admin.entries("retention.run") if "why" in each] == ["ok"]
        assert (await admin.ask("GET", "/admin/v1/holds", headers=headers))[1] == {"holds": []}
        _, keys, _ = await admin.ask("GET", "/admin/v1/encryption-keys", headers=headers)
        assert keys["keys"]["period"] > 0
        assert keys["next_destruction"] is not None


async def test_the_newest_entries_of_the_log_are_shown_by_act_and_customer(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        everybody = await admin.token(Action.AUDIT_READ)
        status, told, _ = await admin.ask("GET", "/admin/v1/audit", headers=everybody)
        assert status == 200
        assert {"customer.add", "key.add", "token.add"} <= {each["act"] for each in told["entries"]}
        _, told, _ = await admin.ask("GET", "/admin/v1/audit?act=key&last=1", headers=everybody)
        assert [each["act"] for each in told["entries"]] == ["key.add"]
        own = await admin.token(Action.AUDIT_READ, customer=admin.customer)
        _, told, _ = await admin.ask("GET", "/admin/v1/audit?customer=cus_0000000000000000", headers=own)
        assert {each["customer"] or each["object"] for each in told["entries"]} == {admin.customer}
        for query in ("last=0", "last=501", "act=%0A", "last=x"):
            assert (await admin.ask("GET", f"/admin/v1/audit?{query}", headers=everybody))[0] == 400


async def test_an_entry_is_shown_with_a_proof_that_the_verifier_takes(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        own, other = await admin.signed("customer.add"), await admin.signed("node.start")
        everything, theirs = (
            await admin.token(Action.AUDIT_READ),
            await admin.token(Action.AUDIT_READ, customer=admin.customer),
        )
        status, told, _ = await admin.ask("GET", f"/admin/v1/audit/entries/{own}", headers=theirs)
        assert (status, told["index"]) == (200, own)
        assert admin.customer in told["entry"]
        assert (await admin.ask("GET", f"/admin/v1/audit/entries/{other}", headers=everything))[0] == 200
        assert (await admin.ask("GET", f"/admin/v1/audit/entries/{other}", headers=theirs))[0] == 404
        for wrong in ("99999", "-1", "x", "٣", "9" * 40):
            assert (await admin.ask("GET", f"/admin/v1/audit/entries/{wrong}", headers=everything))[0] == 404, wrong
        writer = admin.node.stores.audit.writer
        assert writer is not None
        entry = tmp_path / "entry.json"
        entry.write_text(told["entry"], "utf-8")
        proof = tmp_path / "entry.json.tlog-proof"
        proof.write_text(told["proof"], "utf-8")
        words = [sys.executable, str(VERIFIER), str(writer.folder), writer.key.text, "--proof", str(proof)]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


async def test_a_log_that_was_damaged_is_said_to_be(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers, folder = await admin.token(Action.AUDIT_READ), admin.audit_folder
        async with asyncio.timeout(LIMIT_S):
            while not (await admin.ask("GET", "/admin/v1/audit", headers=headers))[1]["size"]:
                await asyncio.sleep(0.01)  # the log is written by a task of its own
        for octets in (b"\x00\x02{}" * 300, b"", b"\xff"):
            for bundle in (folder / "tile" / "entries").rglob("*"):
                if bundle.is_file():
                    bundle.write_bytes(octets)
            for path in ("/admin/v1/audit", "/admin/v1/audit/entries/0"):
                status, told, _ = await admin.ask("GET", path, headers=headers)
                assert (status, told["code"]) in ((409, "audit_flawed"), (404, "not_found"))
        (folder / CHECKPOINT).write_bytes(b"no note")
        status, told, _ = await admin.ask("GET", "/admin/v1/audit", headers=headers)
        assert (status, told["code"]) == (409, "audit_flawed")


async def test_a_small_sum_is_not_told_by_what_it_adds_up_to(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        counts = await admin.token(Action.USAGE_READ)
        for number in range(11):
            await admin.send(**{"class": "otp" if number == 0 else "transactional"})
        status, told, _ = await admin.ask("GET", f"/admin/v1/customers/{admin.customer}/usage", headers=counts)
        assert (status, {each["messages"] for each in told["items"]}) == (200, {None})
        status, told, _ = await admin.ask("GET", "/admin/v1/traffic", headers=counts)
        assert (status, {each["messages"] for each in told["times"]}) == (200, {11})
