"""`connect-gateway custodian`: set up, handed over to, asked by file and over TLS."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.custodian.folder import Folder
from gateway.custodian.listener import custodian_server
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.model.times import rfc3339
from gateway.process.clock import SystemClock
from gateway.process.tls import identity
from redaction.keys import KeyState
from redaction.personal import Msisdn
from redaction.pseudonymise import pseudonymise
from redaction.search_epochs import ends_ms, epoch_of
from tests.integration.test_account_verbs import Verbs
from tests.interop.certificates import make_certificates

NUMBER = "+966512345678"
DAYS_40_MS = 40 * 24 * 3_600_000


class Site(Verbs):
    """A gateway with a secret of forty days ago, and the name of a person under it; a custodian beside it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.epoch = epoch_of(SystemClock().now_ms() - DAYS_40_MS)
        self.name = ""
        self.token = self.alone("init")["token"]

    def alone(self, *words: str) -> dict[str, object]:
        """A verb of the custodian's own, which takes no settings."""
        place = str(self.folder / "custodian")
        done = CliRunner().invoke(app, ["custodian", *words, "--folder", place, "--json"])
        if done.exception is not None:
            raise done.exception
        said: dict[str, object] = json.loads(done.stdout)
        return said

    def sent_long_ago(self) -> None:
        """As a node would have named somebody then."""
        root = FileRootSlot(self.folder / "apart" / "root.key")
        store = Keystore(self.folder / "keys" / "keys.db", root, SystemClock())
        store.open(create=False)

        def make(state: KeyState) -> None:
            state.ensure_secret("search", self.epoch, SystemClock().random, tag="transactional")

        store.update(make, destroys=False)
        subject = pseudonymise(store.state, 1, Msisdn(NUMBER[1:], 966), self.epoch, "search", "transactional")
        self.name = subject.pseudonym.hex()
        store.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.sent_long_ago()
    return site


def test_secrets_are_handed_over_and_the_custodian_names_the_person(site: Site) -> None:
    assert site.run("custodian", "show")["key"] is None
    assert [each["code"] for each in site.run("check")] == ["no_custodian"]
    question, answer = site.folder / "question", site.folder / "answer.json"
    assert site.says("custodian", "ask", "R-1", str(question), "--number", NUMBER).endswith("[no_custodian]")
    said = site.run("custodian", "set", str(site.folder / "custodian" / "custodian.pub"))
    assert (said["handed"], said["needed"]) == (1, [said["key"]])
    assert said["complete_since"] == rfc3339(ends_ms(site.epoch))
    assert site.run("check") == []
    asked = site.run("custodian", "ask", "R-2026-17", str(question), "--number", "-", typed=f"{NUMBER}\n")
    assert (asked["subjects"], asked["secrets"]) == (1, 1)
    assert NUMBER[1:].encode() not in question.read_bytes()
    assert site.alone("answer", str(question), str(answer)) == {"case": "R-2026-17", "numbers": 1, "left": 199}
    told = json.loads(answer.read_bytes())
    assert (told["version"], told["case"], told["complete"]) == (1, "R-2026-17", True)
    assert [each["pseudonyms"] for each in told["customers"] if each["customer"] == 1] == [[site.name]]


def test_a_key_that_turned_is_needed_until_its_secrets_are_gone(site: Site) -> None:
    public = site.folder / "custodian" / "custodian.pub"
    first = site.run("custodian", "set", str(public))["key"]
    second = site.alone("rotate")["key"]
    assert site.alone("status")["former"] == [first]
    said = site.run("custodian", "set", str(public))
    assert (said["key"], said["needed"]) == (second, [first])


def test_what_is_no_key_no_case_and_no_number_is_refused(site: Site) -> None:
    bad = site.folder / "bad"
    bad.write_text("ssh-rsa AAAA\n")
    assert site.says("custodian", "set", str(bad)).endswith("[invalid_value]")
    site.run("custodian", "set", str(site.folder / "custodian" / "custodian.pub"))
    question = str(site.folder / "question")
    assert site.says("custodian", "ask", "R-966512345678", question, "--number", NUMBER).endswith("[invalid_value]")
    assert site.says("custodian", "ask", "R-1", question, "--number", "12").endswith("[invalid_value]")
    line = site.says(
        "custodian", "ask", "R-1", question, "--number", NUMBER, "--url", "http://192.0.2.1", "--token", "-"
    )
    assert line.endswith("[invalid_value]")


@contextmanager
def listening(site: Site, certificate: str, key: str) -> Iterator[int]:
    tls = identity(certificate, key)
    assert tls is not None
    server = custodian_server(Folder(site.folder / "custodian"), SystemClock(), ("127.0.0.1", 0), tls.context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_listener_is_asked_over_tls_with_a_token(site: Site) -> None:
    made = make_certificates(site.folder)
    site.run("custodian", "set", str(site.folder / "custodian" / "custodian.pub"))
    answer, token = site.folder / "answer.json", site.folder / "token"
    words = ("custodian", "ask", "R-7", str(answer), "--number", NUMBER, "--token", f"@{token}")
    with listening(site, str(made.server), str(made.server_key)) as port:
        url = ("--url", f"https://localhost:{port}")
        token.write_text("wrong")
        assert site.says(*words, *url, "--ca", str(made.ca)).endswith("[custodian_refused]")
        token.write_text(str(site.token))
        assert site.says(*words, *url).endswith("[custodian_unreachable]"), "its certificate is nobody's whom we know"
        site.run(*words, *url, "--ca", str(made.ca))
    told = json.loads(answer.read_bytes())
    assert [each["pseudonyms"] for each in told["customers"] if each["customer"] == 1] == [[site.name]]
