"""Customers who pay in advance, over the admin API, HTTP and SMPP, and by verbs."""

from pathlib import Path

from gateway.people.roles import Role
from tests.integration.admin_stage import running_admin
from tests.integration.test_account_verbs import Verbs


async def test_a_balance_is_topped_up_spent_and_refused_over_http(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more="prices = [0.25]\n") as admin:
        person, _ = await admin.person(Role.OWNER)
        headers, path = await admin.session(person), f"/admin/v1/customers/{admin.customer}/balance"
        top_up = f"/admin/v1/customers/{admin.customer}/top-up"
        assert (await admin.ask("GET", path, headers=headers))[1]["prepaid"] is False
        status, told, _ = await admin.ask("POST", top_up, {"amount": 0.5}, headers)
        assert (status, told["left"], told["prepaid"]) == (200, 0.5, True)
        repeated = {**headers, "If-Match": '"0"'}
        assert (await admin.ask("POST", top_up, {"amount": 0.5}, repeated))[0] == 412
        await admin.node.road.till.load()
        for _ in range(2):
            await admin.send()
        status, told = await admin.try_to_send()
        assert (status, told["code"]) == (402, "balance_exhausted")
        checked = {"to": "+966500000078", "from": "BRAND", "text": "x", "class": "transactional"}
        _, told = await admin.try_to_send(path="/v1/messages/check", **checked)
        assert (told["outcome"], [each["code"] for each in told["findings"] if each["enforced"]]) == (
            "refused",
            ["balance_exhausted"],
        )
        batch = [{"to": "+966500000078", "from": "BRAND", "text": "x", "class": "transactional"}] * 2
        status, told = await admin.try_to_send(path="/v1/messages/batch", messages=batch)
        assert {each["error"]["code"] for each in told["items"]} == {"balance_exhausted"}, told
        _, told, _ = await admin.ask("GET", path, headers=headers)
        assert (told["paid"], told["spent"], told["left"]) == (0.5, 0.5, 0.0)
        status, _, _ = await admin.ask("POST", path, {"margin": 0.25, "warn_below": [0.1]}, headers)
        assert status == 200
        await admin.node.road.till.load()
        await admin.send()
        assert (await admin.try_to_send())[0] == 402
        assert (await admin.ask("POST", path, {"prepaid": False}, headers))[1]["left"] == -0.25
        await admin.node.road.till.load()
        await admin.send()
        entries = await admin.entries("balance.set")
        assert [each["what"] for each in entries] == ["on", "on", "off"]
        assert entries[0]["n"] == {"version": 0, "margin": 0, "added": 500_000}
        for body in ({"margin": -1}, {"warn_below": [1] * 9}, {"prepaid": "yes"}, {"credit": 1}):
            assert (await admin.ask("POST", path, body, headers))[0] == 400


def test_balances_are_set_and_shown_by_verbs(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path)
    assert "[no_balance]" in verbs.says("balance", "show", "1")
    shown = verbs.run("balance", "top-up", "1", "12.5")
    assert (shown["paid"], shown["left"], shown["prepaid"]) == (12.5, 12.5, True)
    assert verbs.says("balance", "top-up", "1", "1", "--if-version", "0")
    shown = verbs.run("balance", "set", "1", "--margin", "2", "--warn-below", "1", "--warn-below", "5")
    assert (shown["margin"], shown["warn_below"]) == (2.0, [5.0, 1.0])
    shown = verbs.run("balance", "top-up", "1", "2.5", "--take-back")
    assert shown == verbs.run("balance", "show", "1")
    assert (shown["paid"], shown["margin"]) == (10.0, 2.0)
    assert verbs.says("balance", "set", "1", "--margin", "nan")
    assert verbs.says("balance", "top-up", "1", "1e300")
