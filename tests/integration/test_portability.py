"""Messages of a node go by the network at which their number is now, or by prefix where nobody says it in time."""

from pathlib import Path

from gateway.people.roles import Action
from tests.integration.admin_stage import Admin, running_admin
from tests.unit.gateway.delivery.test_portability import Service, serving
from tests.unit.gateway.stage import until

ROUTES = '[[routes]]\nprefix = "966"\noperators = ["spare"]\nnetworks = ["mobily"]\n'


def asked_at(service: Service) -> str:
    return f'[portability]\nurl = "http://127.0.0.1:{service.port}/networks"\ntimeout_s = 5\n' + ROUTES


async def operator_of(admin: Admin, identifier: str) -> str:
    found = await admin.node.stores.ledger.messages.find(1, bytes.fromhex(identifier))
    assert found is not None
    return found.operator


async def test_a_message_goes_where_the_number_is_and_explaining_says_so(tmp_path: Path) -> None:
    async with serving() as (service, _), running_admin(tmp_path, more=asked_at(service)) as admin:
        assert await operator_of(admin, await admin.send()) == "spare"
        assert await operator_of(admin, await admin.send()) == "spare"
        assert service.asked == [{"number": "+966500000078"}]
        headers = await admin.token(Action.ROUTE_EXPLAIN)
        path, body = "/admin/v1/routes/explain", {"to": "+966500000078"}
        _, told, _ = await admin.ask("POST", path, body, headers)
        assert (told["network"], told["operators"]) == ("mobily", ["spare"])
        _, told, _ = await admin.ask("POST", path, {**body, "network": "stc"}, headers)
        assert (told["operators"], told["passed"][0]["why"]) == (["loop"], "network")
        service.status = 500
        assert await operator_of(admin, await admin.send(to="+966500000079")) == "loop"


async def test_a_node_that_ends_leaves_no_connection_to_the_service(tmp_path: Path) -> None:
    async with serving() as (service, _):
        async with running_admin(tmp_path, more=asked_at(service)) as admin:
            await admin.send()
            assert service.transport is not None
            assert not service.transport.is_closing()
        await until(service.transport.is_closing)


async def test_the_answer_says_what_is_refused_once_it_was_looked_up(tmp_path: Path) -> None:
    async with serving() as (service, _), running_admin(tmp_path, more=asked_at(service)) as admin:
        await admin.accounts.change_settings(1, lambda _: {"daily_quota": 1})
        await admin.node.stores.directory.refresh()
        assert (await admin.try_to_send())[0] == 202
        assert (await admin.try_to_send())[1]["code"] == "quota_exceeded"
