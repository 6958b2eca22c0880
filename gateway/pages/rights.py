"""`/rights`: ask for something, prove the number by a code, follow it by a reference; no account, script or cookie.

What is shown says nothing about a number: who asks sees the same page, whether it is known or not.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.html.looks import Look
from gateway.http_api.browsers import look_wanted, read_form
from gateway.http_api.proxies import Proxies
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.numbers import parse_number
from gateway.model.refusals import KINDS, Refusal
from gateway.model.times import rfc3339
from gateway.pages import said
from gateway.pages.frame import PASSING, Frame, look_of_form, refusal_to, words
from gateway.rights.asking import Asked, PublicRequests, Standing
from gateway.rights.case_states import Kind
from redaction.personal import MessageText, Purpose, Secret

PATH: Final = "/rights"
LONGEST: Final = 1_000
"""Characters of what somebody writes."""
LONGEST_CONTACT: Final = 200
SHAPES: Final = {"answered": "good", "closed": "good", "refused": "bad", "expired": "off", "awaiting_proof": "warn"}
AGAIN: Final = frozenset(
    {"proof_wrong", "proof_expired", "too_many_codes", "changed_meanwhile", "ledger_unavailable", "keys_unavailable"}
)
"""After which the page for the code is shown again, with the reference, which is nowhere else."""

Form = Mapping[str, str]


class RightsPages:
    """contact: whom to write to. region: of numbers without a country code."""

    def __init__(
        self,
        frame: Frame,
        requests: PublicRequests,
        proxies: Proxies,
        contact: Callable[[], str],
        region: Callable[[], str],
    ) -> None:
        self._frame = frame
        self._requests = requests
        self._proxies = proxies
        self._contact = contact
        self._region = region

    async def show(self, call: Call) -> Reply:
        return self._ask(call, look_wanted(call), {})

    async def ask(self, call: Call) -> Reply:
        """The page for the code, with the reference; the form again where something in it is wrong."""
        form = await read_form(call)
        look = look_of_form(call, form)
        try:
            reference = await self._requests.open_request(self._asked(call, form, look))
        except Refusal as refusal:
            return self._ask(call, look, form, refusal)
        return self._code(call, look, _shown(reference))

    async def prove(self, call: Call) -> Reply:
        """How it stands, once the code is right."""
        form = await read_form(call)
        look, reference = look_of_form(call, form), form.get("reference", "")
        try:
            standing = await self._requests.prove(Secret(reference), Secret(_digits(form.get("code", ""))))
        except (Refusal, *PASSING) as fault:
            return self._again(call, look, reference, refusal_to(fault))
        return self._standing(call, look, standing)

    async def send_again(self, call: Call) -> Reply:
        form = await read_form(call)
        look, reference = look_of_form(call, form), form.get("reference", "")
        try:
            address = self._proxies.origin(call.request)
            await self._requests.send_again(Secret(reference), address, look.language)
        except (Refusal, *PASSING) as fault:
            return self._again(call, look, reference, refusal_to(fault))
        return self._code(call, look, reference, is_again=True)

    async def follow(self, call: Call) -> Reply:
        """How it stands, for whoever has the reference; what is not proved yet can be."""
        form = await read_form(call)
        look, reference = look_of_form(call, form), form.get("reference", "")
        try:
            standing = await self._requests.status_of(Secret(reference))
        except Refusal as refusal:
            return self._follow(call, look, refusal)
        return self._standing(call, look, standing, reference)

    def _asked(self, call: Call, form: Form, look: Look) -> Asked:
        """Raises Refusal."""
        number = parse_number(form.get("number", ""), self._region())
        if number is None:
            raise Refusal("invalid_number", "number")
        kind, contact, text = form.get("kind", ""), form.get("contact", ""), form.get("text", "")
        if kind not in said.REQUESTS:
            raise Refusal("invalid_value", "kind")
        if len(contact) > LONGEST_CONTACT or len(text) > LONGEST:
            raise Refusal("field_too_long", "contact" if len(contact) > LONGEST_CONTACT else "text")
        return Asked(
            kind=Kind(kind),
            number=number,
            contact=MessageText(contact),
            text=MessageText(text),
            language=look.language,
            address=self._proxies.origin(call.request),
        )

    def _ask(self, call: Call, look: Look, form: Form, refusal: Refusal | None = None) -> Reply:
        """What was typed is typed again: a page that has it would lie in a browser's history."""
        known = words(look)
        values = {
            "is_on": self._requests.is_on,
            "contact": self._contact(),
            "kinds": [(each, known.gettext(sentence)) for each, sentence in said.REQUESTS.items()],
            "kind": form.get("kind", ""),
            "longest": LONGEST,
            "longest_contact": LONGEST_CONTACT,
            "wrong": None if refusal is None else _wrong(refusal, look),
            "field": "" if refusal is None else refusal.field or "",
        }
        status = 200 if refusal is None else KINDS[refusal.code].http
        return self._frame.show(call, "rights", look, PATH, values, status=status)

    def _code(self, call: Call, look: Look, reference: str, code: str = "", *, is_again: bool = False) -> Reply:
        wrong = words(look).gettext(said.PROBLEMS[code]) if code else None
        values = {"reference": reference, "wrong": wrong, "is_again": is_again}
        status = KINDS[code].http if code else 200
        return self._frame.show(call, "rights_code", look, PATH, values, status=status)

    def _again(self, call: Call, look: Look, reference: str, refusal: Refusal) -> Reply:
        if refusal.code in AGAIN:
            return self._code(call, look, reference, refusal.code)
        return self._follow(call, look, refusal)

    def _follow(self, call: Call, look: Look, refusal: Refusal) -> Reply:
        """A reference that is none, or another fault: the first page, which says so."""
        found = Refusal("not_found", "reference") if refusal.code == "not_found" else refusal
        return self._ask(call, look, {}, found)

    def _standing(self, call: Call, look: Look, standing: Standing, reference: str = "") -> Reply:
        if standing.state.value == "awaiting_proof" and reference:
            return self._code(call, look, reference)
        known = words(look)
        values = {
            "state": known.gettext(said.STANDING[standing.state.value]),
            "shape": SHAPES.get(standing.state.value, "warn"),
            "kind": "" if standing.kind is None else known.gettext(said.REQUESTS.get(standing.kind.value, "")),
            "received": None if standing.received_ms is None else rfc3339(standing.received_ms),
            "due": None if standing.due_ms is None else rfc3339(standing.due_ms),
            "extended": "" if standing.extended is None else known.gettext(said.DELAYED[standing.extended.value]),
            "refused": "" if standing.refused is None else known.gettext(said.REFUSED[standing.refused.value]),
        }
        return self._frame.show(call, "rights_standing", look, PATH, values)


def _wrong(refusal: Refusal, look: Look) -> str:
    code = "reference_unknown" if refusal.field == "reference" else refusal.code
    return words(look).gettext(said.PROBLEMS.get(code, said.PROBLEMS["other"]))


def _shown(reference: Secret) -> str:
    """To whom it was made for, on this page and nowhere else."""
    return reference.reveal(Purpose.CREDENTIAL)


def _digits(code: str) -> str:
    """As it is meant: in ASCII digits and without what people put between them."""
    return "".join(str(int(each)) for each in code if each.isdecimal())
