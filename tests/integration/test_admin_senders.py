"""The register of senders over the admin API, on a node that applies it."""

from pathlib import Path

from gateway.people.roles import Role
from tests.integration.admin_stage import running_admin
from tests.unit.gateway.stage import until

ACTIVE = {"state": "active", "until": "2099-12-31"}


async def test_what_is_put_into_the_register_is_used_by_the_node_and_stands_in_the_log(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.OWNER)
        headers, path = await admin.session(person), f"/admin/v1/customers/{admin.customer}"
        body = {"name": "SHOP", "operators": {"loop": ACTIVE}, "hosts": ["Example.SA"], "documents": ["CST-17"]}
        status, told, _ = await admin.ask("POST", f"{path}/sender-register", body, headers)
        assert (status, told["flat"], told["senders"][0]["hosts"]) == (200, ["BRAND"], ["example.sa"])
        register = admin.node.stores.messaging.senders
        await until(lambda: register.of(admin.customer, "SHOP") is not None)
        await admin.send(**{"from": "SHOP"})
        version = told["senders"][0]["version"]
        status, told, _ = await admin.ask("POST", f"{path}/sender-register", {**body, "version": version - 1}, headers)
        assert (status, told["code"]) == (409, "changed_meanwhile")
        status, told, _ = await admin.ask("POST", f"{path}/sender-register", {**body, "sensitive": True}, headers)
        assert (status, told["code"]) == (400, "invalid_value")
        status, told, _ = await admin.ask("POST", f"{path}/sender-register", {**body, "version": version}, headers)
        assert status == 200
        stands = {"name": "SHOP", "operator": "spare", "state": "refused"}
        status, told, _ = await admin.ask("POST", f"{path}/sender-standing", stands, headers)
        assert (status, told["senders"][0]["hosts"]) == (200, ["example.sa"])
        assert told["senders"][0]["operators"] == {"loop": ACTIVE, "spare": {"state": "refused"}}
        for wrong, code in (({"name": "NOBODY"}, 404), ({"state": "lost"}, 400), ({"until": "x"}, 400)):
            assert (await admin.ask("POST", f"{path}/sender-standing", {**stands, **wrong}, headers))[0] == code
        status, told, _ = await admin.ask("POST", f"{path}/remove-from-register", {"name": "SHOP"}, headers)
        assert (status, told["senders"]) == (200, [])
        for act in ("sender.add", "sender.set", "sender.remove"):
            entry = (await admin.entries(act))[0]
            assert (entry["actor"]["id"], entry["obj"]) == (person.id, admin.customer)


async def test_what_holds_for_a_customer_is_set_in_part_and_shown(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.OWNER)
        headers, path = await admin.session(person), f"/admin/v1/customers/{admin.customer}/rules"
        assert (await admin.ask("POST", path, {"kind": "private", "rules": {"hours": "watch"}}, headers))[0] == 200
        assert (await admin.ask("POST", path, {"residency": "SA"}, headers))[0] == 200
        _, told, _ = await admin.ask("GET", path, None, headers)
        assert told == {
            "customer": admin.customer,
            "kind": "private",
            "rules": {"hours": "watch"},
            "residency": "SA",
        }
        asked = {"to": "+966500000078", "from": "BRAND", "text": "See bit.ly/x", "class": "promotional"}
        _, told, _ = await admin.ask("POST", path.replace("/rules", "/check-message"), asked, headers)
        assert "shortener" in {each["code"] for each in told["findings"]}
        _, told, _ = await admin.ask("GET", "/admin/v1/rules", None, headers)
        assert [each["id"] for each in told["packs"]] == ["2026-01"]
        for wrong in ({"kind": "bank"}, {"rules": {"weather": "off"}}, {"rules": {"hours": "now"}}):
            status, told, _ = await admin.ask("POST", path, wrong, headers)
            assert (status, told["code"]) == (400, "invalid_value")
