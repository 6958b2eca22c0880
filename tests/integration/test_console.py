"""The console over HTTP: who sees which page, what stands in it, and what its forms do."""

import gzip
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pyotp
import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.console.screens import SCREENS, Screen
from gateway.console.verbs import VERBS
from gateway.console.visits import Visit
from gateway.html.looks import Look
from gateway.html.policy import POLICY
from gateway.http_api.browsers import FORM_BYTES as LIMIT_BYTES
from gateway.people.people import People
from gateway.people.record import Contact
from gateway.people.roles import CUSTOMER_ROLES, Role
from gateway.people.sessions import COOKIE, Sessions
from redaction.personal import MessageText, Secret
from tests.integration.admin_stage import CANARY, PASSWORD, Admin, running_admin
from tests.integration.console_stage import FORM, Page, Visitor

NUMBER = "+966500000078"
TEXT = "canary text"
HOME = "/console/"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CASE = {"kind": "access", "channel": "phone", "number": NUMBER}


@asynccontextmanager
async def running_console(folder: Path) -> AsyncIterator[tuple[Admin, aiohttp.ClientSession]]:
    async with running_admin(folder) as admin, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield admin, client


async def visitor(admin: Admin, client: aiohttp.ClientSession, role: Role, name: str = "") -> Visitor:
    owner = admin.customer if role in CUSTOMER_ROLES else ""
    people = People(admin.node.stores.people, COMMAND_LINE)
    contact = Contact(name=MessageText("Person"), email=MessageText(f"{name or role.value}.canary@example.com"))
    person = await people.add(contact, [role], owner)
    return Visitor(admin, client, await admin.session(person))


def path_of(screen: Screen, kinds: Mapping[str, str]) -> str:
    """kinds: an id of each kind of thing that there is a page of."""
    return screen.path.replace("{id}", kinds.get(screen.path.split("/")[2], ""))


def may_see(role: Role, screen: Screen, admin: Admin) -> bool:
    """As the table of roles says, for whoever belongs to the customer that a page is about."""
    owner = admin.customer if role in CUSTOMER_ROLES else ""
    visit = Visit(
        look=Look.ENGLISH,
        path="",
        person="",
        roles=frozenset({role}),
        customer=owner,
        has_second=True,
        form_token="",
    )
    return visit.may(screen.action, screen.owner(owner, owner))


async def test_every_role_sees_the_pages_that_the_table_says_and_nothing_personal(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        message = await admin.send(reference="4711", to=NUMBER, text=TEXT)
        kinds = {"operators": "loop", "messages": message, "customers": admin.customer}
        kinds |= {"cases": await _case(admin, client), "routes": await admin.route()}
        kinds |= {"tickets": await _ticket(admin, client), "audit": str(await admin.signed("customer.add"))}
        kinds["people"] = (await admin.person(Role.CUSTOMER_VIEWER, customer=admin.customer))[0].id
        for role in Role:
            visits = await visitor(admin, client, role)
            for screen in SCREENS:
                status, page, headers = await visits.get(path_of(screen, kinds))
                if screen.path == HOME and not may_see(role, screen, admin):
                    assert (status, headers["Location"].startswith("/console/")) == (303, True)
                    continue
                assert status == (200 if may_see(role, screen, admin) else 403), (role, screen.path)
                assert page.faults == [], (role, screen.path)
                assert headers["Content-Security-Policy"] == POLICY
                assert headers["Cache-Control"] == "no-store"
                for personal in (NUMBER, NUMBER[1:], NUMBER[4:], TEXT, PASSWORD):
                    assert personal not in page.text, (role, screen.path)
                assert ("canary@example.com" in page.text) == (screen.path == "/console/own")


async def _case(admin: Admin, client: aiohttp.ClientSession) -> str:
    officer = await visitor(admin, client, Role.PRIVACY_OFFICER, "officer")
    status, _, _ = await officer.post("/console/cases", {**CASE, "customer": admin.customer})
    assert status == 303
    _, page, _ = await officer.get("/console/cases")
    (case,) = {each.rpartition("/")[2] for each in page.links if each.startswith("/console/cases/")}
    return case


async def _ticket(admin: Admin, client: aiohttp.ClientSession) -> str:
    asker = await visitor(admin, client, Role.CUSTOMER_SUPPORT, "asker")
    status, _, _ = await asker.post("/console/tickets", {"topic": "delivery", "text": f"{NUMBER} got nothing"})
    assert status == 303
    _, page, _ = await asker.get("/console/tickets")
    (ticket,) = {each.rpartition("/")[2] for each in page.links if each.startswith("/console/tickets/")}
    return ticket


async def test_without_a_session_every_page_and_every_form_leads_to_the_sign_in(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        nobody = Visitor(admin, client, {})
        for screen in SCREENS:
            path = screen.path.replace("{id}", "x")
            status, _, headers = await nobody.get(path)
            assert (status, headers["Location"]) == (303, f"/console/sign-in?next={path.replace('/', '%2F')}")
        for verb in VERBS.values():
            status, _, headers = await nobody.post(verb.path.replace("{id}", "x"), {"reason": "r"})
            assert (status, headers["Location"]) == (303, "/console/sign-in?next=%2Fconsole%2F")
        status, page, _ = await nobody.get("/console/?part=live")
        assert (status, page.faults) == (401, [])


async def test_somebody_signs_in_by_password_and_code_and_out_again(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        _, secret = await admin.person(Role.OPERATIONS)
        nobody = Visitor(admin, client, {})
        wanted = "/console/operators/loop"
        status, page, _ = await nobody.get(f"/console/sign-in?next={wanted}")
        assert (status, page.faults, page.forms[0]["next"]) == (200, [], wanted)
        form = {"email": CANARY, "password": "wrong", "code": "000000", "next": wanted}
        status, page, headers = await nobody.post("/console/sign-in", form)
        assert (status, "Set-Cookie" in headers, page.forms[0]["next"]) == (401, False, wanted)
        assert CANARY not in page.text
        code = pyotp.TOTP(secret).at(admin.node.clock.now_ms() // 1000)
        status, _, headers = await nobody.post("/console/sign-in", {**form, "password": PASSWORD, "code": code})
        assert (status, headers["Location"]) == (303, wanted)
        assert headers["Set-Cookie"].startswith(f"{COOKIE}=")
        assert "Secure; HttpOnly; SameSite=Strict" in headers["Set-Cookie"]
        somebody = Visitor(admin, client, {"Cookie": headers["Set-Cookie"].partition(";")[0]})
        status, page, _ = await somebody.get(wanted)
        assert status == 200
        token = page.forms[0]["form_token"]
        status, _, headers = await somebody.post("/console/sign-out", {"form_token": token})
        assert (status, headers["Location"], "Max-Age=0" in headers["Set-Cookie"]) == (303, "/console/sign-in", True)
        assert (await somebody.get(wanted))[0] == 303


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_other_site_signs_anybody_in_or_does_anything(tmp_path: Path, site: str) -> None:
    async with running_console(tmp_path) as (admin, client):
        operations = await visitor(admin, client, Role.OPERATIONS)
        form = {"reason": "ticket 1"}
        pause = "/console/operators/loop/pause"
        answers = [
            await operations.post(pause, form, Sec_Fetch_Site=site),
            await operations.post(pause, {**form, "form_token": "of another session"}),
            await operations.post(pause, {**form, "form_token": ""}),
            await operations.post("/console/sign-in", {"email": CANARY, "password": "x"}, Sec_Fetch_Site=site),
        ]
        assert [status for status, _, _ in answers] == [403] * 4
        assert await admin.entries("operator.pause") == []


async def test_a_form_does_what_it_says_and_the_page_says_so(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        operations = await visitor(admin, client, Role.OPERATIONS)
        status, page, _ = await operations.post("/console/operators/loop/pause", {"reason": ""})
        assert (status, page.faults) == (400, [])
        assert 'aria-invalid="true"' in page.text
        status, _, headers = await operations.post("/console/operators/loop/pause", {"reason": "canary reason"})
        assert (status, headers["Location"]) == (303, "/console/operators/loop?done=pause_operator")
        status, page, _ = await operations.get(headers["Location"])
        assert "/console/operators/loop/resume" in {each[""] for each in page.forms}
        assert "canary reason" in page.text, "who may change it sees why"
        (entry,) = await admin.entries("operator.pause")
        assert "canary" not in str(entry)
        viewer = await visitor(admin, client, Role.SUPPORT)
        status, page, _ = await viewer.get("/console/operators/loop")
        assert (status, "canary reason" in page.text) == (200, False)
        assert {each[""] for each in page.forms} == {"/console/sign-out"}
        assert (await viewer.post("/console/operators/loop/resume", {"reason": "r"}))[0] == 403
        assert (await operations.post("/console/operators/nobody/pause", {"reason": "r"}))[0] == 404


async def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        operations = await visitor(admin, client, Role.OPERATIONS)
        form = {"reason": "ticket 1", "version": "0"}
        assert (await operations.post("/console/accepting/off", form))[0] == 303
        status, page, _ = await operations.post("/console/accepting/on", form)
        assert (status, page.faults, "version_stale" in page.text) == (412, [], True)
        assert "ticket 1" in page.text, "what was typed is not lost"


async def test_what_takes_a_fresh_proof_asks_for_one(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        person, secret = await admin.person(Role.OWNER)
        owner = Visitor(admin, client, await admin.session(person, ago_s=600))
        path = f"/console/customers/{admin.customer}/keys"
        status, _, headers = await owner.post(path, {"label": "shop"})
        assert (status, headers["Location"].partition("?")[0]) == (303, "/console/prove")
        status, page, _ = await owner.get(headers["Location"])
        assert (status, page.faults) == (200, [])
        code = pyotp.TOTP(secret).at(admin.node.clock.now_ms() // 1000)
        proof = {"password": PASSWORD, "code": code, "next": page.forms[0]["next"]}
        assert (await owner.post("/console/prove", {**proof, "password": "wrong", "code": "000000"}))[0] == 401
        status, _, headers = await owner.post("/console/prove", proof)
        assert (status, headers["Location"]) == (303, f"/console/customers/{admin.customer}/access")
        status, page, headers = await owner.post(path, {"label": "shop"})
        assert (status, page.faults, headers["Cache-Control"]) == (200, [], "no-store")
        assert "cgk_" in page.text or "key" in page.text
        status, listed, _ = await owner.get(f"/console/customers/{admin.customer}/access")
        assert (status, "shop" in listed.text) == (200, True)


async def test_a_page_that_keeps_itself_fresh_keeps_nobody_signed_in(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        person, _ = await admin.person(Role.OPERATIONS)
        stale = Visitor(admin, client, await admin.session(person, ago_s=120))

        async def seen() -> list[int]:
            return [each.seen_ms for each in await Sessions(admin.node.stores.people).of(person)]

        before = await seen()
        assert (await stale.get("/console/?part=live", X_Passive="1"))[0] == 200
        assert await seen() == before
        assert (await stale.get("/console/"))[0] == 200
        assert await seen() > before


async def test_a_number_is_looked_for_and_kept_nowhere(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        message = await admin.send(to=NUMBER)
        support = await visitor(admin, client, Role.SUPPORT)
        form = {"customer": admin.customer, "number": NUMBER, "purpose": "support", "case": "ticket 1"}
        status, page, _ = await support.post("/console/messages/by-number", form)
        assert (status, page.faults) == (200, [])
        assert f"/console/messages/{message}" in page.links
        assert NUMBER not in page.text
        assert len(await admin.entries("message.find")) == 1
        status, page, _ = await support.post("/console/messages/by-number", {**form, "purpose": "curiosity"})
        assert status == 400
        status, _, headers = await support.get(f"/console/messages?id={message}")
        assert (status, headers["Location"]) == (303, f"/console/messages/{message}")


async def test_who_has_no_second_factor_can_set_one_up_and_nothing_else(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        people = People(admin.node.stores.people, COMMAND_LINE)
        contact = Contact(name=MessageText("Person"), email=MessageText(CANARY))
        person = await people.add(contact, [Role.OWNER])
        await people.set_password(person.id, Secret(PASSWORD))
        nobody = Visitor(admin, client, {})
        _, _, headers = await nobody.post("/console/sign-in", {"email": CANARY, "password": PASSWORD, "code": ""})
        somebody = Visitor(admin, client, {"Cookie": headers["Set-Cookie"].partition(";")[0]})
        status, _, headers = await somebody.get("/console/customers")
        assert (status, headers["Location"]) == (303, "/console/own")
        _, page, _ = await somebody.get("/console/own")
        somebody.form_token = page.forms[0]["form_token"]
        status, page, _ = await somebody.post("/console/own/totp-begin", {})
        assert (status, page.faults) == (200, [])
        secret = next(word for word in page.text.replace("<", " <").split() if "ltr" in word and len(word) > 40)
        code = pyotp.TOTP(secret.partition(">")[2]).at(admin.node.clock.now_ms() // 1000)
        status, page, _ = await somebody.post("/console/own/totp", {"code": code})
        assert (status, page.faults) == (200, [])
        assert page.text.count("<li><code") == 10


async def test_what_pages_load_is_kept_for_good_and_pages_by_nobody(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        async with client.get(f"{admin.url}/console/sign-in") as answer:
            page = await answer.text()
        path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        async with client.get(admin.url + path, headers={"Accept-Encoding": "identity"}) as answer:
            plain = await answer.read()
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        async with client.get(admin.url + path, auto_decompress=False) as answer:
            assert gzip.decompress(await answer.read()) == plain
        async with client.get(f"{admin.url}/assets/style.000000000000.css") as answer:
            assert answer.status == 404


async def test_a_look_is_chosen_once(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        nobody = Visitor(admin, client, {})
        _, page, _ = await nobody.get("/console/sign-in", Accept_Language="ar-SA,ar;q=0.9")
        assert '<html lang="ar" dir="rtl">' in page.text
        status, _, headers = await nobody.get("/console/sign-in?lang=ar-u-nu-arab")
        assert (status, headers["Location"]) == (303, "/console/sign-in")
        _, page, _ = await nobody.get("/console/sign-in", Cookie=headers["Set-Cookie"].partition(";")[0])
        assert '<html lang="ar-u-nu-arab" dir="rtl">' in page.text


async def test_another_look_shows_the_same_page_with_the_same_parameters(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        nobody = Visitor(admin, client, {})
        wanted = "next=%2Fconsole%2Foperators"
        _, page, _ = await nobody.get(f"/console/sign-in?{wanted}")
        assert "/console/sign-in?next=/console/operators&lang=ar" in page.links
        _, _, headers = await nobody.get(f"/console/sign-in?{wanted}&lang=ar")
        assert headers["Location"] == f"/console/sign-in?{wanted}"
        owner = await visitor(admin, client, Role.OWNER)
        _, page, _ = await owner.get("/console/audit?act=person.add&last=5")
        assert "/console/audit?act=person.add&last=5&lang=ar" in page.links


async def test_a_button_that_stands_on_several_pages_leads_back_to_its_own(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        access = f"/console/customers/{admin.customer}/access"
        await owner.post(f"/console/customers/{admin.customer}/keys", {"label": "shop"})
        _, page, _ = await owner.get(access)
        revoke = next(each for each in page.forms if each[""].endswith("/revoke"))
        assert revoke["back"] == access
        status, _, headers = await owner.post(revoke[""], revoke)
        assert (status, headers["Location"]) == (303, f"{access}?done=revoke_key")
        status, page, _ = await owner.post("/console/keys/cgk_nothing/revoke", {"back": access})
        assert (status, access in page.text) == (404, True)
        status, _, headers = await owner.post(revoke[""], {**revoke, "back": "//elsewhere.example"})
        assert (status, headers["Location"]) == (303, "/console/customers?done=revoke_key")


async def test_a_page_that_says_wait_says_how_long(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        await admin.person(Role.OWNER)
        nobody = Visitor(admin, client, {})
        form = {"email": CANARY, "password": "wrong", "code": "000000"}
        for _ in range(20):
            status, page, headers = await nobody.post("/console/sign-in", form)
            if status == 429:
                break
        assert (status, page.faults, int(headers["Retry-After"]) > 0) == (429, [], True)


async def test_what_goes_wrong_is_a_page(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        answers = {
            404: await owner.get("/console/nowhere"),
            405: await owner.post("/console/", {}),
            400: await owner.get("/console/?unknown=1"),
        }
        for expected, (status, page, headers) in answers.items():
            assert (status, page.faults, headers["Content-Security-Policy"]) == (expected, [], POLICY)
        assert answers[405][2]["Allow"] == "GET, HEAD, OPTIONS"
        for path in ("/console/customers/cus_0000000000000000", "/console/messages/00", "/console/operators/%2e%2e%2f"):
            assert (await owner.get(path))[0] == 404


async def test_a_form_that_is_shown_again_keeps_to_the_page_that_it_stands_on(tmp_path: Path) -> None:
    """What a form is sent to is no page: nothing can be fetched or linked to there."""
    async with running_console(tmp_path) as (admin, client):
        operations = await visitor(admin, client, Role.OPERATIONS)
        status, page, _ = await operations.post("/console/operators/loop/pause", {"reason": ""})
        assert status == 400
        assert 'data-from="/console/operators/loop?part=live"' in page.text
        assert "/console/operators/loop?lang=ar" in page.links
        assert (await operations.get("/console/operators/loop?part=live"))[0] == 200


async def test_signing_out_does_not_look_done_where_the_session_goes_on(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        operations = await visitor(admin, client, Role.OPERATIONS)
        status, page, _ = await operations.post("/console/sign-out", {"form_token": "of an older page"})
        assert (status, "form_token_missing" in page.text) == (403, True)
        assert (await operations.get(HOME))[0] == 200
        status, _, headers = await Visitor(admin, client, {}).post("/console/sign-out", {})
        assert (status, headers["Location"]) == (303, "/console/sign-in"), "whoever is signed out already"


async def test_refused_pages_are_counted_and_named_and_end_a_connection_with_an_unread_body(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"a=" + b"x" * LIMIT_BYTES

    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        _, _, headers = await owner.get("/console/nowhere", X_Request_Id=TRACE)
        assert headers["X-Request-Id"] == TRACE
        await owner.post("/console/own", {})
        form = {"Content-Type": FORM}
        async with client.post(f"{admin.url}/console/sign-in", data=endless(), headers=form) as answer:
            assert (answer.status, answer.headers["Connection"]) == (413, "close")
        assert admin.node.fronts.admin is not None
        counts = admin.node.fronts.admin.traffic.counts
        refused = [("none", 404), ("/console/own", 405), ("/console/sign-in", 413)]
        assert [counts.get(each) for each in refused] == [1, 1, 1]


async def test_the_page_of_keys_says_whether_a_destruction_ends_older_copies(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        officer = await visitor(admin, client, Role.PRIVACY_OFFICER)
        _, page, _ = await officer.get("/console/privacy")
        assert "<dt>A destruction ends older copies too</dt><dd>yes</dd>" in page.text


async def test_every_form_and_page_fits_the_endpoints_that_it_leads_to(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, _):
        assert admin.node.fronts.admin is not None
        routes = {(each.method, _plain(each.path)): each.operation for each in admin.node.fronts.admin.table.routes}
        for need in (each for screen in SCREENS for each in screen.needs.values()):
            operation = routes["GET", _plain(need.path)]
            assert operation.scope in (need.action, None), need.path
            assert {*need.query, *need.always} <= {each.name for each in operation.parameters}, need.path
        for verb in VERBS.values():
            operation = routes[verb.method, _plain(verb.api)]
            assert operation.scope in (verb.action, None) or verb.name == "find_by_number", (
                "the API asks for more of it"
            )
            fields = {} if operation.body is None else {each.encode_name: each for each in _fields(operation.body)}
            named = {each.name for each in verb.fields}
            assert named <= fields.keys(), verb.name
            needed = {name for name, each in fields.items() if each.required}
            assert needed <= named, verb.name
            assert verb.takes_body == (operation.body is not None), verb.name


def _plain(path: str) -> str:
    return path.partition("{")[0] + path.partition("}")[2]


def _fields(body: type) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(body)


def test_a_page_with_something_in_it_is_found() -> None:
    assert Page('<h1 style="x"></h1><script>1</script><img src="https://a.example/b" onload="x">').faults


async def test_what_is_drawn_once_for_many_holds_nothing_of_a_session(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        people = [await visitor(admin, client, Role.OWNER, name) for name in ("one", "two")]
        for screen in (each for each in SCREENS if each.is_shared):
            path = path_of(screen, {"operators": "loop"})
            for each in people:
                status, page, _ = await each.get(f"{path}?part=live")
                assert (status, page.forms) == (200, [])
                assert not any(person.form_token in page.text for person in people)
        assert (await Visitor(admin, client, {}).get("/console/?part=live"))[0] == 401, "each is asked who it is"
