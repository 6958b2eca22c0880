"""Blocks and the report of the controls against abuse over the admin API, on a node."""

from pathlib import Path

from gateway.fraud.prefixes import Begun
from gateway.people.roles import Action, Role
from tests.integration.admin_stage import running_admin
from tests.unit.gateway.stage import until


async def test_a_block_of_a_node_is_listed_and_let_go_with_an_entry(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.OWNER)
        headers, path = await admin.session(person), "/admin/v1/fraud/blocks"
        road, now_ms = admin.node.road, admin.node.clock.now_ms()
        road.sentry.tallies.prefixes.fresh.append(Begun(1, "96655123", 21, now_ms, now_ms + 900_000, watched=True))
        await until(lambda: road.blocks.own)
        status, told, _ = await admin.ask("GET", path, None, headers)
        (block,) = told["blocks"]
        assert (status, block["customer"], block["range"], block["watched"]) == (200, admin.customer, "+9665512", True)
        status, told, _ = await admin.ask("POST", f"{path}/{block['id']}/release", None, headers)
        assert (status, told) == (200, {"blocks": []})
        assert (await admin.ask("POST", f"{path}/{block['id']}/release", None, headers))[0] == 404
        (entry,) = await admin.entries("fraud.release")
        assert (entry["actor"]["id"], entry["obj"], entry["customer"]) == (person.id, block["id"], admin.customer)
        await until(lambda: not road.blocks.own)
        assert (await admin.ask("GET", "/admin/v1/fraud/report", None, headers))[0] == 200
        for_others = await admin.token(Action.USAGE_READ)
        assert (await admin.ask("GET", path, None, for_others))[0] == 403
