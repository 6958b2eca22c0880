"""Pages for everybody over HTTP: what they say, in which language, with which headers, and what they never say."""

import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.html.policy import POLICY
from gateway.ledger.contract import ChangedMeanwhile
from gateway.rights.case_record import Case
from gateway.rights.case_states import State
from tests.html_flaws import flaws_of
from tests.integration.page_stage import NUMBER, Site, reference_in, served

PAGES = ("/privacy", "/privacy/1", "/rights", "/cookies", "/status")
LANGUAGES = ("en", "ar", "ar-u-nu-arab")
OF_A_REQUEST = {"Date", "X-Request-ID"}
"""Headers that are others in every answer."""
ASKS = {"kind": "erasure", "number": NUMBER, "lang": "en"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with served(tmp_path_factory.mktemp("pages")) as site:
        yield site


class Inline(HTMLParser):
    """Collects what a policy without `unsafe-inline` refuses, and addresses of other hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [name for name in names if name.startswith("on") or name == "style"]
        self.found += [tag] if tag == "style" or (tag == "script" and "src" not in names) else []
        targets = (names.get(each) or "" for each in ("src", "href", "action"))
        self.found += [each for each in targets if "//" in each]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_has_its_headers_and_nothing_inline_in_every_language(site: Site, path: str) -> None:
    for lang in LANGUAGES:
        status, page, headers = await site.get(f"{path}?lang={lang}&utm_source=elsewhere")
        assert (status, headers["Content-Security-Policy"], headers["Cache-Control"]) == (200, POLICY, "no-store")
        assert f'<html lang="{lang}" dir="{"ltr" if lang == "en" else "rtl"}">' in page
        assert "Set-Cookie" not in headers
        inline = Inline()
        inline.feed(page)
        assert inline.found == []
        assert flaws_of(page) == []


async def test_a_browsers_language_is_heard(site: Site) -> None:
    assert 'lang="ar"' in (await site.get("/privacy", **{"Accept-Language": "ar-SA,en;q=0.5"}))[1]
    assert 'lang="en"' in (await site.get("/privacy", **{"Accept-Language": "de"}))[1]


@pytest.mark.policy("P-01")
@pytest.mark.policy("P-18")
async def test_the_notice_says_who_why_how_long_and_to_whom(site: Site) -> None:
    _, page, _ = await site.get("/privacy?lang=en")
    for said in ("Sender LLC, Riyadh", "privacy@sender.sa", "Delivering messages", "legitimate interest", "SCC"):
        assert said in page
    assert re.search(r"<bdi>north</bdi></th><td[^>]*><bdi>Operator</bdi></td><td[^>]*><bdi>Germany</bdi>", page)
    assert re.search(r"One-time codes</bdi></th><td[^>]*><bdi>on delivery; at the latest 10 minutes after", page)
    told = json.loads((await site.get("/privacy.json"))[1])
    assert (told["version"], told["sha256"]) == (1, site.node.notices.version.digest if site.node.notices else "")
    assert told["sha256"] in page


@pytest.mark.policy("P-31")
async def test_the_table_of_cookies_names_those_of_pages_and_console(site: Site) -> None:
    _, page, _ = await site.get("/cookies?lang=en")
    assert set(re.findall(r"<code dir=\"ltr\">([^<]+)</code>", page)) == {"__Host-session", "look", "__Host-counted"}


@pytest.mark.policy("P-30")
async def test_views_are_counted_of_those_alone_who_said_yes(site: Site) -> None:
    pages = site.node.fronts.pages
    assert pages is not None
    before = dict(pages.counting.views)
    await site.get("/status?lang=ar")
    assert dict(pages.counting.views) == before
    status, _, headers = await site.post("/cookies", {"counted": "yes", "lang": "ar"})
    assert (status, headers["Location"]) == (303, "/cookies?lang=ar")
    cookie = headers["Set-Cookie"].partition(";")[0]
    await site.get("/status?lang=ar", Cookie=cookie)
    assert pages.counting.views["status", "ar"] == 1
    _, _, headers = await site.post("/cookies", {"counted": "no", "lang": "ar"})
    assert "Max-Age=0" in headers["Set-Cookie"]


async def test_status_and_whom_to_tell_of_weaknesses(site: Site) -> None:
    told = json.loads((await site.get("/status.json"))[1])
    assert {each["name"]: each["state"] for each in told["services"]} == {"accepting": "up", "sending": "up"}
    _, text, headers = await site.get("/.well-known/security.txt")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(
        r"Contact: mailto:security@sender\.sa\nExpires: \d{4}-\d\d-\d\dT[0-9:.]+Z\nPreferred-Languages: ar, en\n", text
    )


async def test_what_there_is_not_is_said_by_a_page(site: Site) -> None:
    status, page, _ = await site.get("/privacy/999?lang=en")
    assert (status, "There is no such page." in page) == (404, True)


@pytest.mark.policy("P-32")
async def test_somebody_asks_proves_the_number_by_a_code_and_follows_it_by_the_reference(site: Site) -> None:
    status, page, headers = await site.post("/rights", ASKS | {"text": "the words of a canary"})
    assert (status, "Set-Cookie" in headers, NUMBER in page) == (200, False, False)
    reference = reference_in(page)
    code = await site.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    status, page, _ = await site.post("/rights/code", {"reference": reference, "code": wrong, "lang": "en"})
    assert (status, "not the code that was sent" in page) == (409, True)
    status, page, _ = await site.post("/rights/code", {"reference": reference, "code": code, "lang": "en"})
    assert (status, "Received and proved" in page, "Erase what you hold of me" in page) == (200, True, True)
    status, page, _ = await site.post("/rights/status", {"reference": reference.lower(), "lang": "ar"})
    assert (status, "استُلم وأُثبت الرقم" in page) == (200, True)
    assert "canary" not in page


async def test_arabic_digits_are_a_code_as_well_and_another_code_can_be_had(site: Site) -> None:
    _, page, _ = await site.post("/rights", ASKS | {"kind": "access", "number": "0509876544"})
    reference = reference_in(page)
    await site.code(2)
    _, page, _ = await site.post("/rights/again", {"reference": reference, "lang": "en"})
    assert "Another code is on its way" in page
    code = (await site.code(3)).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    status, page, _ = await site.post("/rights/code", {"reference": reference, "code": code, "lang": "en"})
    assert (status, "Received and proved" in page) == (200, True)


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        (ASKS | {"number": "0123456"}, 422, "This is no mobile number."),
        (ASKS | {"number": "+4915112345678"}, 422, "numbers of this country only"),
        (ASKS | {"kind": "everything"}, 422, "This did not work."),
        (ASKS | {"text": "x" * 1_001}, 422, "What you wrote is too long."),
    ],
)
async def test_what_cannot_be_taken_is_said_and_never_repeated(
    site: Site, form: dict[str, str], status: int, said: str
) -> None:
    got, page, _ = await site.post("/rights", form)
    assert (got // 100, said in page) == (status // 100, True)
    assert form["number"] not in page


async def test_a_reference_that_is_none_and_another_sites_form_are_refused(site: Site) -> None:
    status, page, _ = await site.post("/rights/status", {"reference": "R-AAAA", "lang": "en"})
    assert (status, "no reference of ours" in page) == (404, True)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await site.post("/rights", ASKS, **elsewhere))[0] == 403
    assert (await site.post("/cookies", {"counted": "yes"}, **elsewhere))[0] == 403


async def test_the_reference_is_not_lost_where_somebody_else_was_faster(tmp_path: Path) -> None:
    """It is on the page for the code and nowhere else, so that page is shown again."""

    async def overtaken(_: Case) -> Case:
        raise ChangedMeanwhile

    async with served(tmp_path) as own:
        _, page, _ = await own.post("/rights", ASKS | {"kind": "withdraw"})
        form = {"reference": reference_in(page), "code": await own.code(), "lang": "en"}
        own.node.rights.public._stop = overtaken
        status, page, _ = await own.post("/rights/code", form)
        assert (status, reference_in(page), "Try again in a minute." in page) == (409, form["reference"], True)
        status, page, _ = await own.post("/rights/code", form)
        assert (status, "Received and proved" in page) == (200, True)


async def test_a_reference_tells_nothing_before_the_number_is_proved(site: Site) -> None:
    _, page, _ = await site.post("/rights", ASKS | {"number": "0509876545"})
    reference = reference_in(page)
    status, page, _ = await site.post("/rights/status", {"reference": reference, "lang": "en"})
    assert (status, "A code of six digits is on its way" in page) == (200, True)
    assert State.OPEN.value not in page


async def test_nothing_tells_a_number_that_is_known_from_one_that_is_not(site: Site) -> None:
    """The first got a code before, and has a case; the second got nothing ever."""
    pages = []
    for number in (NUMBER, "0509876599"):
        status, page, headers = await site.post("/rights", ASKS | {"number": number})
        shown = re.sub(reference_in(page), "R-", page)
        pages.append((status, shown, {name: each for name, each in headers.items() if name not in OF_A_REQUEST}))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("query", ["lang=ar&lang=en", "lang=%ff", "lang", "&", "x=1&x=2", "&".join(["a=1"] * 40)])
async def test_whatever_a_link_says_a_page_is_shown(site: Site, query: str) -> None:
    for path in PAGES:
        status, _, headers = await site.get(f"{path}?{query}")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/html")
