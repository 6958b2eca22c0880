"""People and tokens on the command line: what is taken, shown, and never shown; and what a copy of everything opens."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pyotp
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.audit.entries import read_entry
from gateway.cli.failures import lines
from gateway.cli.main import app
from gateway.cli.session import Desk, open_desk
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot, KeystoreLost
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerError
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.people.passkeys import RelyingParty
from gateway.people.record import PERSON, PersonSealer
from gateway.people.roles import Role
from gateway.people.signing_in import Attempt, Refusal, SignedIn, SigningIn
from gateway.people.signins import Place
from gateway.process.clock import SystemClock
from gateway.tools.leakscan import scan
from redaction.errors import KeyDestroyed, SealError
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer
from tests.architecture.test_documents import COMMANDS
from tests.integration.file_places import FILES

NAME = "Noura Canary-Alharbi"
EMAIL = "noura.canary@example.sa"
PHONE = "+966537319440"
PASSWORD = "Zebra-canary-731944"
ADDRESS = "203.0.113.77"
AGENT = "CanaryBrowser/731.944 Firefox/133.0 (X11; canary build 7319)"


class Verbs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "gateway.toml"
        self.settings.write_text(FILES.format(folder), encoding="utf-8")

    def run(self, *words: str, typed: str | None = None) -> Any:
        """Its JSON."""
        with capture_logs():
            done = CliRunner().invoke(app, [*words, "--config", str(self.settings), "--json"], input=typed)
        if done.exception is not None:
            raise done.exception
        return json.loads(done.stdout)

    def says(self, *words: str, typed: str | None = None) -> str:
        """The one line with which it refuses."""
        with pytest.raises(Exception) as failed:  # noqa: PT011  whatever it is, people see its line
            self.run(*words, typed=typed)
        assert isinstance(failed.value, Exception)
        (line,) = lines(failed.value)
        return line

    def add(self, *roles: str, name: str = NAME, email: str = EMAIL) -> str:
        typed = f"{name}\n{email}\n{PHONE}\n{PASSWORD}\n"
        words = [word for role in roles or ("owner",) for word in ("--role", role)]
        options = ("--name", "-", "--email", "-", "--phone", "-", "--password", "-")
        return str(self.run("person", "add", *words, *options, typed=typed)["person"])

    def with_desk(self, work: Any) -> Any:
        async def whole() -> Any:
            async with open_desk(self.settings) as desk:
                return await work(desk)

        return asyncio.run(whole())

    def sign_in(self, code: str, password: str = PASSWORD) -> SignedIn | Refusal:
        attempt = Attempt(Secret(EMAIL), Secret(password), code, Place(ADDRESS, AGENT))

        async def work(desk: Desk) -> SignedIn | Refusal:
            return await SigningIn(desk.people, RelyingParty("https://console.example.sa")).by_password(attempt)

        answer: SignedIn | Refusal = self.with_desk(work)
        return answer


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path)


def test_the_first_account_is_made_where_nothing_was(verbs: Verbs) -> None:
    person = verbs.add("owner", "auditor")
    (row,) = verbs.run("person", "list")
    assert (row["person"], row["roles"], row["customer"], row["disabled"]) == (person, "owner auditor", "", None)
    assert NAME not in json.dumps(verbs.run("person", "list"))


def test_a_person_is_shown_corrected_and_remembered(verbs: Verbs) -> None:
    person = verbs.add()
    shown = verbs.run("person", "show", person)
    assert (shown["name"], shown["email"], shown["phone"]) == (NAME, EMAIL, PHONE)
    assert (shown["password"], shown["totp"], shown["passkeys"], shown["sessions"]) == (True, False, 0, 0)
    verbs.run("person", "set", person, "--phone", "-", typed="+966537319441\n")
    shown = verbs.run("person", "show", person)
    assert shown["phone"] == "+966537319441"
    assert "phone by command_line" in shown["changes"][-1]
    assert "nothing is named" in verbs.says("person", "set", person)
    assert verbs.run("person", "show", person)["changes"] == shown["changes"]


def test_somebody_signs_in_with_what_the_verbs_made(verbs: Verbs) -> None:
    person = verbs.add()
    made = verbs.run("person", "totp", person)
    totp = pyotp.parse_uri(made["uri"])
    assert isinstance(totp, pyotp.TOTP)
    assert totp.secret == made["secret"]
    assert isinstance(verbs.sign_in(totp.now()), SignedIn)
    assert isinstance(verbs.sign_in(made["recovery_codes"][0]), SignedIn)
    assert verbs.sign_in(made["recovery_codes"][0]) is Refusal.WRONG
    shown = verbs.run("person", "show", person)
    assert (shown["totp"], shown["recovery_codes"], shown["sessions"]) == (True, 9, 2)
    assert [each.split(" ")[1] for each in shown["sign_ins"]] == ["wrong", "ok", "ok"]
    assert ADDRESS in shown["sign_ins"][0]
    verbs.run("person", "totp", person, "--remove")
    assert verbs.run("person", "show", person)["totp"] is False
    verbs.run("person", "password", person, "--password", "-", typed="Another-canary-7319\n")
    assert isinstance(verbs.sign_in("", "Another-canary-7319"), SignedIn)


def test_a_password_never_stands_on_a_command_line(verbs: Verbs) -> None:
    person = verbs.add()
    for words in (
        ("person", "password", person),
        ("person", "add", "--role", "owner", "--name", "x", "--email", "x@y"),
    ):
        line = verbs.says(*words, "--password", PASSWORD)
        assert "does not stand on a command line" in line
        assert PASSWORD not in line
    assert "invalid_value" in verbs.says("person", "password", person)


def test_a_password_comes_from_a_file(verbs: Verbs, tmp_path: Path) -> None:
    person = verbs.add()
    (tmp_path / "word").write_text("From-a-file-7319\n")
    verbs.run("person", "password", person, "--password", f"@{tmp_path / 'word'}")
    assert isinstance(verbs.sign_in("", "From-a-file-7319"), SignedIn)
    (tmp_path / "word").unlink()


def test_roles_and_customers_are_told_apart(verbs: Verbs) -> None:
    customer = verbs.run("customer", "add", "--name", "Trial", "--sender", "INTERKEY")["customer"]
    options = ("--name", "Sara", "--email", "sara@example.sa", "--customer", customer)
    assert "customer_owner" in verbs.says("person", "add", "--role", "owner", *options)
    added = verbs.run("person", "add", "--role", "customer_owner", *options)["person"]
    verbs.add()
    assert [each["person"] for each in verbs.run("person", "list", customer)] == [added]
    assert verbs.run("person", "role", added, "--role", "customer_viewer")["roles"] == ["customer_viewer"]
    assert "invalid_value" in verbs.says("person", "role", added, "--role", Role.OWNER.value)


def test_who_is_disabled_is_enabled_again(verbs: Verbs) -> None:
    person = verbs.add()
    assert verbs.run("person", "disable", person, "--left")["left"] is not None
    assert verbs.sign_in("") is Refusal.WRONG
    assert verbs.run("person", "enable", person)["disabled"] is None
    assert isinstance(verbs.sign_in(""), SignedIn)


def test_passkeys_are_shown_and_taken_away(verbs: Verbs) -> None:
    person = verbs.add()
    assert verbs.run("person", "passkeys", person) == []
    assert "unknown_person" in verbs.says("person", "passkeys", person, "--remove", "none")
    assert verbs.run("person", "passkeys", person, "--remove", "all") == []


@pytest.mark.parametrize("words", ["show", "enable", "disable", "totp", "passkeys", "erase --confirm"])
def test_nobody_is_told_in_one_line(verbs: Verbs, words: str) -> None:
    verbs.add()
    verb, *options = words.split()
    for identifier in ("usr_0000000000000000", EMAIL):
        line = verbs.says("person", verb, identifier, *options)
        assert "unknown_person" in line
        assert EMAIL not in line


def test_a_token_is_made_listed_and_revoked(verbs: Verbs) -> None:
    verbs.add()
    made = verbs.run(
        "token", "add", "--scope", "operator.read", "--scope", "system.read", "--days", "90", "--label", "n"
    )
    assert made["token"].startswith("cgt_")
    (row,) = verbs.run("token", "list")
    assert (row["id"], row["scopes"], row["label"], row["by"]) == (
        made["id"],
        "system.read operator.read",
        "n",
        "command_line",
    )
    verbs.run("token", "revoke", made["id"])
    assert verbs.run("token", "list")[0]["revoked"] is not None
    assert "person.add" in verbs.says("token", "add", "--scope", "person.add", "--days", "1")
    assert "an action" in verbs.says("token", "add", "--scope", "everything", "--days", "1")
    assert "up to 366" in verbs.says("token", "add", "--scope", "system.read", "--days", "367")
    assert "unknown_person" in verbs.says("token", "revoke", "token_0000000000000000")


READS = {"person list", "token list"}
WRITES = {
    "person add": ["person.add", "role.grant", "person.password"],
    "person disable": ["person.disable"],
    "person enable": ["person.set", "person.enable"],
    "person erase": ["person.remove", "person.remove"],
    "person passkeys": ["person.passkey"],
    "person password": ["person.password"],
    "person role": ["role.grant", "role.withdraw"],
    "person set": ["person.set"],
    "person show": ["person.read"],
    "person totp": ["person.totp"],
    "token add": ["token.add"],
    "token revoke": ["token.revoke"],
}


def entries(verbs: Verbs) -> list[dict[str, Any]]:
    async def work(desk: Desk) -> list[dict[str, Any]]:
        return [read_entry(each.octets) for each in await desk.ledger.acts.pending(1_000)]

    found: list[dict[str, Any]] = verbs.with_desk(work)
    return found


@pytest.mark.policy("P-26")
def test_every_verb_writes_what_it_did_into_the_audit_log(verbs: Verbs) -> None:
    assert WRITES.keys() | READS == {each for each in COMMANDS if each.startswith(("person ", "token "))}
    person = verbs.add()
    token = verbs.run("token", "add", "--scope", "system.read", "--days", "1")["id"]
    for words in (
        ("disable", person),
        ("enable", person),
        ("passkeys", person, "--remove", "all"),
        ("password", person, "--password", "-"),
        ("role", person, "--role", "auditor"),
        ("set", person, "--name", "Nora"),
        ("show", person),
        ("totp", person),
        ("erase", person, "--confirm"),
    ):
        verbs.run("person", *words, typed=f"{PASSWORD}\n")
    verbs.run("token", "revoke", token)
    written = [each for each in entries(verbs) if each["act"] != "installation.begin"]
    order = "person add, token add, person disable, person enable, person passkeys, person password, person role, "
    order += "person set, person show, person totp, person erase, token revoke"
    assert [each["act"] for each in written] == [act for verb in order.split(", ") for act in WRITES[verb]]
    assert all(each["actor"] == {"kind": "command_line"} for each in written)
    assert {each["obj"] for each in written} == {person, token}
    assert [each["res"] for each in written if each["act"] == "person.remove"] == ["intent", "ok"]


@pytest.mark.policy("P-03")
@pytest.mark.policy("P-04")
def test_nothing_of_a_person_lies_in_clear_in_any_file(verbs: Verbs) -> None:
    person = verbs.add()
    made = verbs.run("person", "totp", person)
    signed_in = verbs.sign_in(pyotp.TOTP(made["secret"]).now())
    assert isinstance(signed_in, SignedIn)
    verbs.sign_in("wrong", "Wrong-canary-7319")
    token = verbs.run("token", "add", "--scope", "system.read", "--days", "1")["token"]
    session = signed_in.token.reveal(Purpose.CREDENTIAL)
    canaries = [
        NAME,
        EMAIL,
        PHONE,
        PASSWORD,
        ADDRESS,
        AGENT,
        "canary build",
        "Wrong-canary-7319",
        made["secret"],
        token,
    ]
    canaries += [*made["recovery_codes"], session.partition(".")[2], "$argon2id$"]
    report = scan([verbs.folder], canaries)
    assert report.control_found
    assert report.leaks == ()
    assert {"ledger.db", "keys.db"} <= {path.name for path in verbs.folder.rglob("*") if path.is_file()}


@pytest.mark.policy("P-23")
def test_a_copy_from_before_opens_nothing_of_whom_was_erased_and_everything_of_others(verbs: Verbs) -> None:
    erased, neighbour = verbs.add(), verbs.add("auditor", name="Sara", email="sara@example.sa")
    verbs.run("person", "totp", erased)
    verbs.sign_in("wrong")
    before = verbs.folder.with_name("before")
    shutil.copytree(verbs.folder, before)
    assert "--confirm" in verbs.says("person", "erase", erased)
    verbs.run("person", "erase", erased, "--confirm")
    assert [each["person"] for each in verbs.run("person", "list")] == [neighbour]
    opened = asyncio.run(opened_by_live_keys(before / "data" / "ledger.db", verbs.folder))
    assert opened == {erased: False, neighbour: True}
    with pytest.raises((KeystoreLost, LedgerError, SealError)):  # the copied keys, under the root that lives
        Keystore(before / "keys" / "keys.db", FileRootSlot(verbs.folder / "apart" / "root.key"), SystemClock()).open(
            create=False
        )
    assert verbs.sign_in("") is Refusal.WRONG


async def opened_by_live_keys(ledger_file: Path, folder: Path) -> dict[str, bool]:
    """Of every account in a copy of the ledger, whether the keys that live open it."""
    clock = SystemClock()
    ledger = SqliteLedger(ledger_file, clock, exclusive=False)
    store = Keystore(folder / "keys" / "keys.db", FileRootSlot(folder / "apart" / "root.key"), clock)
    await ledger.open()
    store.open(create=False)
    try:
        seals = PersonSealer(Sealer(Keyring(store, (), clock).state, clock.random))
        opened = {}
        for document in await ledger.acts.of_kind(PERSON):
            try:
                seals.open_contact(seals.read(document), Purpose.DATA_SUBJECT)
                opened[document.key] = True
            except KeyDestroyed:
                opened[document.key] = False
        return opened
    finally:
        store.close()
        await ledger.close()
