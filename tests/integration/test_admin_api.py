"""The admin API of a whole node: who may do what, and what support finds."""

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.checkpoint import read_checkpoint
from gateway.http_api.admin.gate import FORM_TOKEN
from gateway.http_api.routes import Route
from gateway.ledger.contract import StoredEndpoint
from gateway.people.people import People
from gateway.people.record import Contact
from gateway.people.roles import CUSTOMER_ROLES, Action, Role, may
from gateway.people.sessions import COOKIE
from redaction.keys import KeyState
from redaction.personal import MessageText
from redaction.sealed import Sealed
from tests.integration.admin_stage import CANARY, PASSWORD, Admin, running_admin

STEERING = (
    *("pause_operator", "resume_operator", "drain_operator", "rebind_operator", "drain_node", "resume_node"),
    *("accepting_on", "accepting_off", "dispatch_on", "dispatch_off"),
)
DECISIONS = (
    *("ask_request", "consent_request", "refuse_request", "erase_message"),
    *("show_task", "cancel_task", "read_notice"),
)
"""Who may do these follows from what was asked for, or they can be done once; they have tests of their own."""
OWN_CHANGES = (Action.OWN_CREDENTIALS, Action.OWN_SESSION_END)
"""Of one's own account, by everybody: what they do has tests of its own (`test_admin_own.py`)."""
NOT_THERE = (
    *("show_audit_checkpoint", "show_audit_minimum", "show_audit_tile", "show_webhook", "revoke_key"),
    *("show_case", "prove_case", "restrict_case", "extend_case", "refuse_case", "answer_case", "close_case"),
    *("execute_case", "package_case", "download_package", "release_fraud_block", "remove_fraud_override"),
    *("show_breach", "estimate_breach", "draft_breach_notice", "close_breach"),
    *("show_reason", "end_sessions_of_person", "disconnect_esme", "test_webhook"),
    *("cancel_message", "notify_message", "correct_consent_for_customer"),
    *("show_route", "disable_route", "enable_route", "weigh_route", "acknowledge_problem"),
    *("release_held_messages", "drop_held_messages"),
    *("add_person", "show_person", "set_roles_of_person", "disable_person", "enable_person", "reset_person"),
    *("revoke_token", "show_ticket", "show_ticket_posts", "write_ticket_post", "assign_ticket", "close_ticket"),
    *("show_notice_of_customer", "show_audit_entry"),
)
"""Of what is there or not; tests of their own read it."""
CONSENTS = (
    "give_consent_for_customer",
    "withdraw_consent_for_customer",
    "correct_consent_for_customer",
    "prove_consent_for_customer",
    "correct_consent_for_customer",
    "add_suppression_for_customer",
    "remove_suppression_for_customer",
)
BODIES: Mapping[str, object] = {
    "explain_route": {"to": "96650"},
    "erase_subjects": {"numbers": ["+966500000001"]},
    "show_subject": {"number": "+966500000001"},
    "open_breach": {"text": "A disk is missing."},
    "open_case": {"kind": "access", "channel": "phone", "number": "+966500000001"},
    **{each: {"reason": "ticket 1"} for each in STEERING},
    "set_operator_throughput": {"reason": "ticket 1", "per_s": 5},
    **{each: {"number": "+966500000001"} for each in CONSENTS},
    "set_customer_balance": {"margin": 1},
    "top_up_customer": {"amount": 1_000_000},
    "replay_events": {"since": "2020-01-01T00:00:00Z"},
    "set_customer_quotas": {"per_day": 1_000_000},
    "put_into_sender_register": {"name": "SHOP-AD", "operators": {"stc": {"state": "active"}}},
    "set_sender_standing": {"name": "SHOP-AD", "operator": "stc", "state": "active"},
    "remove_from_sender_register": {"name": "SHOP-AD"},
    "set_customer_rules": {"kind": ""},
    "check_customer_message": {"to": "+966500000078", "from": "BRAND", "text": "hello"},
    "change_customer": {"label": "shop"},
    "add_sender": {"sender": "OTHER"},
    "remove_sender": {"sender": "OTHER"},
    "add_number": {"number": "90909", "keywords": ["SALE"]},
    "remove_number": {"number": "90909"},
    "change_keywords": {"number": "90910", "add": ["SALE"]},
    "add_key": {"label": "shop"},
    "correct_consent_for_customer": {"number": "+966500000001", "means": "web"},
    "release_held_messages": {"reason": "ticket 1"},
    "drop_held_messages": {"reason": "ticket 1"},
    "disable_route": {"reason": "ticket 1"},
    "enable_route": {"reason": "ticket 1"},
    "weigh_route": {"reason": "ticket 1", "weights": {}},
    "add_fraud_override": {"number": "+966500000001"},
    "remove_fraud_override": {"number": "+966500000009"},
    "disconnect_esme": {"system_id": "shop", "reason": "ticket 1"},
    "reroute_operator": {"reason": "ticket 1", "to": "spare"},
    "correct_own_contact": {"phone": "+966110000000"},
    "add_person": {"name": "Somebody", "email": "somebody@example.com", "roles": ["viewer"]},
    "set_roles_of_person": {"roles": ["viewer"]},
    "open_ticket": {"topic": "delivery", "text": "It is late."},
    "write_ticket_post": {"text": "It is late."},
    "add_token": {"scopes": ["operator.read"], "days": 1},
}
"""By operation, what a request of it says."""


async def test_every_role_may_what_the_table_says_at_every_endpoint_and_nothing_else(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        identifier = await admin.send()
        sealed = Sealed(b"x")
        endpoint = StoredEndpoint(customer=1, url=sealed, secret=sealed, settings=b"{}")
        await admin.node.stores.ledger.accounts.save_endpoint(endpoint)
        fronts = admin.node.fronts.admin
        assert fronts is not None
        routes = [each for each in fronts.table.routes if each.operation.scope is not None]
        routes = [each for each in routes if each.operation.id not in DECISIONS]
        assert len(routes) >= 32
        for number, role in enumerate(Role):
            owner = admin.customer if role in CUSTOMER_ROLES else ""
            people = People(admin.node.stores.people, COMMAND_LINE)
            contact = Contact(name=MessageText("Person"), email=MessageText(f"person{number}@example.com"))
            headers = await admin.session(await people.add(contact, [role], owner))
            for route, customer in product(routes, (admin.customer, "cus_0000000000000000")):
                is_message = route.path == "/admin/v1/messages/{id}"  # whose it is is its own affair
                of_customer = "customers/" in route.path or route.operation.id == "find_messages"
                own = owner != "" and (is_message or not of_customer or customer == owner)
                status, told = await _asked(admin, route, customer, identifier, headers)
                if not may([role], Action(route.operation.scope or ""), own):
                    assert status in {403, 404}, (role, route.method, route.path, told)
                elif route.operation.scope in OWN_CHANGES or route.operation.id in NOT_THERE:
                    assert status not in {401, 403}, (role, route.method, route.path, told)
                else:
                    exists = is_message or not of_customer or customer == admin.customer
                    done = route.operation.answers[0].status
                    assert status == (done if exists else 404), (role, route.method, route.path, told)


async def _asked(
    admin: Admin, route: Route, customer: str, message: str, headers: Mapping[str, str]
) -> tuple[int, object]:
    path = route.path.replace("/messages/{id}", f"/messages/{message}").replace("{id}", customer)
    body = BODIES.get(route.operation.id)
    if route.operation.id == "find_messages":
        body = {"customer": customer, "reference": "4711"}
    name = "first" if "/nodes/" in path else "loop"
    status, told, _ = await admin.ask(route.method, path.replace("{name}", name), body, headers)
    return status, told


async def test_without_a_session_or_a_token_nothing_is_answered_but_what_anybody_may_see(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        fronts = admin.node.fronts.admin
        assert fronts is not None
        for route in fronts.table.routes:
            if route.operation.scope is None:
                continue
            path = route.path.replace("{id}", admin.customer).replace("{name}", "loop")
            body = BODIES.get(route.operation.id, {"customer": admin.customer, "reference": "x"})
            for headers in (None, {"Authorization": "Bearer cgt_x"}, {"Cookie": f"{COOKIE}=usr_0.x"}):
                status, told, _ = await admin.ask(route.method, path, None if route.method == "GET" else body, headers)
                assert (status, told["code"]) == (401, "not_signed_in"), (route.method, path)


async def test_somebody_signs_in_with_a_second_factor_and_out_again(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, secret = await admin.person(Role.SUPPORT)
        wrong = {"email": CANARY, "password": PASSWORD, "code": "000000"}
        status, told, headers = await admin.ask("POST", "/admin/v1/session", wrong)
        assert (status, told["code"]) == (401, "sign_in_refused")
        assert "Set-Cookie" not in headers
        headers = await admin.signed_in(secret)
        status, told, _ = await admin.ask("GET", "/admin/v1/session", headers=headers)
        assert (status, told["person"], told["roles"]) == (200, person.id, ["support"])
        assert CANARY not in json.dumps(told)
        status, _, answered = await admin.ask("DELETE", "/admin/v1/session", headers=headers)
        assert (status, "Max-Age=0" in answered["Set-Cookie"]) == (204, True)
        assert (await admin.ask("GET", "/admin/v1/session", headers=headers))[0] == 401


async def test_a_sessions_cookie_is_found_beside_anything_and_no_other_octets_are_taken_for_one(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.SUPPORT)
        cookie = (await admin.session(person))["Cookie"]
        for beside in ('{"a": 1}', "a b", "=v", "x[]=1", 'q="\\073\\"', "expires=1", "ü=ü", ";;", "=" * 4_000):
            for line in (f"{beside}; {cookie}", f"{cookie};{beside}"):
                assert (await admin.ask("GET", "/admin/v1/session", headers={"Cookie": line}))[0] == 200, line
        name, _, token = cookie.partition("=")
        for line in (
            *(f"{name}={wrong}" for wrong in ("", "x", f"{person.id}.", f"{person.id}.ü", f'"{token}"', token * 9)),
            *(f"{cookie}; {cookie}", f"{cookie}; {name}=x", f"{name.lower()}={token}", f"x{cookie}"),
        ):
            for path in ("/admin/v1/session", "/admin/v1/own"):
                status, told, _ = await admin.ask("GET", path, headers={"Cookie": line})
                assert (status, told["code"]) == (401, "not_signed_in"), line


async def test_while_keys_are_withheld_nobody_is_told_that_anything_is_wrong_with_the_request(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.OPERATIONS)
        headers, state, kept = await admin.session(person), admin.node.stores.keystore.state, KeyState()
        kept.adopt(state)
        state.withhold()
        for method, path, body in (
            *((method, "/admin/v1/session", None) for method in ("GET", "DELETE")),
            ("GET", "/admin/v1/own", None),
            ("POST", "/admin/v1/accepting/off", {"reason": "ticket 1"}),
        ):
            status, told, answered = await admin.ask(method, path, body, headers)
            assert (status, told["code"], answered.get("Retry-After")) == (503, "keys_unavailable", "1"), (method, path)
        state.adopt(kept)
        assert (await admin.ask("DELETE", "/admin/v1/session", headers=headers))[0] == 204


async def test_who_signs_in_through_a_proxy_counts_for_the_address_that_it_tells(tmp_path: Path) -> None:
    async with running_admin(tmp_path, proxies='["127.0.0.0/8"]') as admin:
        _, secret = await admin.person(Role.SUPPORT)
        headers = await admin.signed_in(secret, forwarded="203.0.113.9, 198.51.100.7")
        _, own, _ = await admin.ask("GET", "/admin/v1/own", headers=headers)
        assert [each["address"] for each in own["sign_ins"]] == ["198.51.100.7"]


async def test_who_is_no_trusted_proxy_counts_for_its_own_address(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        _, secret = await admin.person(Role.SUPPORT)
        headers = await admin.signed_in(secret, forwarded="198.51.100.7")
        _, own, _ = await admin.ask("GET", "/admin/v1/own", headers=headers)
        assert [each["address"] for each in own["sign_ins"]] == ["127.0.0.1"]


async def test_a_customers_person_is_told_what_it_may_not_of_its_own_and_of_no_other_that_there_is_one(
    tmp_path: Path,
) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.CUSTOMER_READ, customer=admin.customer)
        for customer, answer in ((admin.customer, (403, "not_allowed")), ("cus_0123456789abcdef", (404, "not_found"))):
            status, told, _ = await admin.ask("GET", f"/admin/v1/customers/{customer}/usage", headers=headers)
            assert (status, told["code"]) == answer


async def test_a_session_changes_nothing_without_its_form_token_or_for_another_site(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        people = People(admin.node.stores.people, COMMAND_LINE)
        contact = Contact(name=MessageText("Person"), email=MessageText(CANARY))
        headers = await admin.session(await people.add(contact, [Role.OPERATIONS, Role.OWNER]))
        path = f"/admin/v1/customers/{admin.customer}/pause"
        for spoiled in (
            {"Cookie": headers["Cookie"]},
            headers | {FORM_TOKEN: headers[FORM_TOKEN][::-1]},
            headers | {"Sec-Fetch-Site": "cross-site"},
            headers | {"Sec-Fetch-Site": "same-site"},
        ):
            status, told, _ = await admin.ask("POST", path, None, spoiled)
            assert (status, told["code"]) == (403, "form_token_missing")
        assert not admin.node.stores.directory.is_held(1)
        status, told, _ = await admin.ask("POST", path, None, headers | {"Sec-Fetch-Site": "same-origin"})
        assert (status, told["disabled_at"] is not None) == (200, True)


async def test_a_customer_is_paused_and_resumed_and_the_audit_log_says_by_whom(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.CUSTOMER_PAUSE)
        for verb, paused in (("pause", True), ("resume", False)):
            path = f"/admin/v1/customers/{admin.customer}/{verb}"
            status, told, _ = await admin.ask("POST", path, None, headers)
            assert (status, told["disabled_at"] is not None) == (200, paused)
            await admin.node.stores.directory.refresh()
            assert admin.node.stores.directory.is_held(1) is paused
        for act in ("customer.disable", "customer.enable"):
            (written,) = await admin.entries(act)
            assert written["actor"]["kind"] == "token"
            assert written["obj"] == admin.customer


async def test_support_finds_a_message_by_the_customers_reference_and_reads_what_became_of_it(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        wanted = await admin.send(reference="4711")
        await admin.send(reference="4712")
        headers = await admin.token(Action.MESSAGE_READ)
        asked = {"customer": admin.customer, "reference": "4711"}
        status, told, _ = await admin.ask("POST", "/admin/v1/messages/find", asked, headers)
        assert status == 200
        assert ([each["id"] for each in told["messages"]], told["complete"]) == ([wanted], True)
        (entry,) = await admin.entries("message.find")
        assert (entry["what"], entry["n"]) == ("reference", {"found": 1})
        assert "4711" not in json.dumps(entry)
        status, shown, _ = await admin.ask("GET", f"/admin/v1/messages/{wanted}", headers=headers)
        assert (status, shown) == (200, told["messages"][0])
        assert [each["what"] for each in shown["timeline"]] == ["accepted", "routed", "submitted", "delivered"]
        assert shown["to"] == "+966•••••••78"
        assert "canary" not in json.dumps(shown)


async def test_explain_says_the_route_and_keeps_nothing(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.ROUTE_EXPLAIN, Action.ROUTE_READ)
        status, told, _ = await admin.ask("POST", "/admin/v1/routes/explain", {"to": "+966500000078"}, headers)
        assert (status, told["operators"], told["passed"]) == (200, ["loop"], [])
        status, told, _ = await admin.ask("POST", "/admin/v1/routes/explain", {"to": "9665x"}, headers)
        assert (status, told["field"]) == (400, "to")
        assert "9665x" not in json.dumps(told)
        status, told, _ = await admin.ask("GET", "/admin/v1/routes", headers=headers)
        assert [each["operators"] for each in told["routes"]] == [["loop"]]


async def test_the_description_names_every_route_and_the_session_cookie(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        status, told, _ = await admin.ask("GET", "/openapi.json")
        fronts = admin.node.fronts.admin
        assert fronts is not None
        described = {(method.upper(), path) for path, item in told["paths"].items() for method in item}
        routes = [each for each in fronts.table.routes if not each.is_page]
        assert (status, described) == (200, {(each.method, each.path) for each in routes})
        assert set(told["components"]["securitySchemes"]) == {"token", "session"}
        for each in routes:
            operation = told["paths"][each.path][each.method.lower()]
            assert each.operation.scope is None or each.operation.scope in operation["description"]


BY_NUMBER = {"number": "0500000078", "purpose": "support", "case": "ticket 4711"}


async def test_support_finds_a_customers_messages_by_a_typed_number_that_is_written_nowhere(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        first, second = await admin.send(), await admin.send()
        await admin.send(to="+966500000079")
        headers = await admin.token(Action.MESSAGE_FIND)
        asked = BY_NUMBER | {"customer": admin.customer}
        status, told, _ = await admin.ask("POST", "/admin/v1/messages/find", asked, headers)
        assert status == 200, told
        assert ([each["id"] for each in told["messages"]], told["complete"]) == ([second, first], True)
        assert told["complete_since"] < told["messages"][1]["timeline"][0]["at"]
        (entry,) = await admin.entries("message.find")
        assert (entry["what"], entry["n"], entry["customer"]) == ("number_support", {"found": 2}, admin.customer)
        assert entry["obj"].startswith("case_")
        for each in (told, entry):
            assert "500000078" not in json.dumps(each)
            assert "4711" not in json.dumps(each)


async def test_a_search_by_number_takes_purpose_and_case_and_nothing_of_another_search(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.MESSAGE_FIND, Action.MESSAGE_READ)
        for change, expected in (
            ({"purpose": None}, ("missing_field", "purpose")),
            ({"case": None}, ("missing_field", "case")),
            ({"purpose": "curiosity"}, ("wrong_type", "purpose")),
            ({"reference": "4711"}, ("invalid_value", "reference")),
            ({"number": "12"}, ("invalid_number", "number")),
            ({"number": None}, ("missing_field", "reference")),
            ({"number": None, "reference": "4711"}, ("missing_field", "number")),
        ):
            asked = BY_NUMBER | {"customer": admin.customer} | change
            status, told, _ = await admin.ask("POST", "/admin/v1/messages/find", asked, headers)
            assert (status, (told["code"], told["field"])) == (400, expected), change
        assert not await admin.entries("message.find")


async def test_by_every_role_a_number_is_looked_for_as_the_table_says(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        for number, role in enumerate(Role):
            owner = admin.customer if role in CUSTOMER_ROLES else ""
            people = People(admin.node.stores.people, COMMAND_LINE)
            contact = Contact(name=MessageText("Person"), email=MessageText(f"person{number}@example.com"))
            headers = await admin.session(await people.add(contact, [role], owner))
            for customer in (admin.customer, "cus_0000000000000000"):
                asked = BY_NUMBER | {"customer": customer}
                status, told, _ = await admin.ask("POST", "/admin/v1/messages/find", asked, headers)
                if may([role], Action.MESSAGE_FIND, owner == customer):
                    assert status == (200 if customer == admin.customer else 404), (role, told)
                else:
                    assert status in {403, 404}, (role, told)


async def test_an_auditor_reads_the_audit_log_as_files_and_another_program_verifies_it(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        for number in range(300):
            await admin.node.auditing._log.write(Act.DISPATCH, numbers={"version": number}, what="on")
        note = await admin.node.stores.audit.round()
        assert note is not None
        people = People(admin.node.stores.people, COMMAND_LINE)
        contact = Contact(name=MessageText("Auditor"), email=MessageText("auditor@example.com"))
        auditor = await admin.session(await people.add(contact, [Role.AUDITOR]))
        size, copy = read_checkpoint(note).size, tmp_path / "copy"
        width = size % 256
        for name in ("checkpoint", "tile/0/000", f"tile/0/001.p/{width}", "tile/1/000.p/1", "tile/entries/000",
                     f"tile/entries/001.p/{width}"):  # fmt: skip
            status, octets, headers = await admin.ask("GET", f"/audit/{name}", headers=auditor)
            assert status == 200, octets
            assert headers["Cache-Control"] == "no-store"
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(octets)
        assert admin.node.stores.audit.writer is not None
        theirs = TilesReader(LocalBackend(copy))
        theirs.get_checkpoint().verify(Vkey.from_string(admin.node.stores.audit.writer.key.text))
        assert theirs.calculate_root_hash() == theirs.get_checkpoint().root_hash
        for name in ("minimum", "tile/0/../../lock", "tile/0/..%2f..%2fcheckpoint", "tile/", "tile/7/000", "lock"):
            status, _, _ = await admin.ask("GET", f"/audit/{name}", headers=auditor)
            assert status == 404, name
