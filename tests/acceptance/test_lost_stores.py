"""What a gateway and its verbs say when a store is not there, and what they leave alone."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.tools.trial_site import Stage, staged
from tests.acceptance.test_mistakes import ADD, Mistaken
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey, running
from tests.verbs import QuickStage

WAIT_S = 60


@pytest.fixture
def place(tmp_path: Path) -> Mistaken:
    return Mistaken(tmp_path)


def there(place: Mistaken) -> set[str]:
    return {str(each.relative_to(place.folder)) for each in place.folder.rglob("*")} - {"gateway.toml"}


@pytest.mark.case("interfaces-2")
@pytest.mark.parametrize(
    "verb",
    [
        ("customer", "list"),
        ("key", "add", "1"),
        ("webhook", "remove", "1"),
        ("retention", "run"),
        ("keys", "status"),
        ("keys", "rotate"),
        ("ledger", "format"),
    ],
    ids=" ".join,
)
def test_a_verb_in_a_wrong_directory_makes_nothing(place: Mistaken, verb: tuple[str, ...]) -> None:
    assert place.says(*verb).endswith("[nothing_there]")
    assert there(place) == set()


def test_the_first_customer_begins_an_installation_and_the_line_says_so(place: Mistaken) -> None:
    first = place.run(*ADD)
    assert first.returncode == 0
    assert "this is a new installation" in first.stderr
    second = place.run(*ADD)
    assert (second.returncode, second.stderr) == (0, "")


@pytest.mark.case("faults-2")
@pytest.mark.case("interfaces-2")
@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("keys", "there is a ledger (…/data/ledger.db), and the key store (…/keys/keys.db) is missing or empty"),
        ("data", "there is a key store (…/keys/keys.db), and the ledger (…/data/ledger.db) is missing or empty"),
        ("apart", "the root of the key store (…/apart/root.key) is missing"),
    ],
)
def test_a_store_that_is_missing_is_refused_by_all_until_it_is_given_up(place: Mistaken, lost: str, says: str) -> None:
    code = {"keys": "keys_missing", "data": "ledger_missing", "apart": "keystore_lost"}[lost]
    assert place.run(*ADD).returncode == 0
    shutil.rmtree(place.folder / lost)
    before = there(place) | {"data/ledger.db.lock"} - {f"{lost}/ledger.db.lock"}
    for verb in (("serve",), ADD):
        assert place.says(*verb) == (
            f"{says}: bring it back, or give up what is left with `connect-gateway begin-anew` [{code}]"
        )
    said = place.says("begin-anew")
    assert "This would put aside" in said
    assert said.endswith("[not_confirmed]")
    assert there(place) == before
    kept = {
        name: (place.folder / name).read_bytes()
        for name in ("data/ledger.db", "keys/keys.db", "apart/root.key")
        if name in before
    }
    done = place.run("begin-anew", "--confirm", "--json")
    assert done.returncode == 0, done.stderr
    aside = [Path(each) for each in json.loads(done.stdout)["put_aside"]]
    assert {each.relative_to(place.folder).as_posix().partition(".before-")[0] for each in aside} >= kept.keys()
    assert all(any(each.read_bytes() == octets for each in aside) for octets in kept.values())
    assert place.run(*ADD).returncode == 0
    assert place.says("begin-anew", "--confirm").endswith("[nothing_lost]")


# ----------------------------------------------------------------------------------------------------------- on servers


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Valkey]]:
    with running(tmp_path / "ledger", *PERSISTENT) as ledger, running(tmp_path / "keys", *PERSISTENT) as keys:
        for name, value in {
            "LEDGER__ENGINE": "redis",
            "LEDGER__REDIS__URL": ledger.url,
            "LEDGER__REDIS__LEASE_S": "2",
            "KEYSTORE__ENGINE": "redis",
            "KEYSTORE__REDIS__URL": keys.url,
            "KEYSTORE__REDIS__LEASE_S": "2",
            "OPERATORS__SIMULATOR__BINDS": "2",
        }.items():
            monkeypatch.setenv(f"CONNECT_GATEWAY__{name}", value)
        yield {"ledger": ledger, "keys": keys}


@pytest.mark.case("faults-2")
@pytest.mark.parametrize(
    ("lost", "says", "code"),
    [
        ("ledger", "the ledger's server has lost this ledger", "ledger_missing"),
        ("keys", "the key store is empty", "keys_missing"),
    ],
)
def test_a_server_that_comes_back_empty_ends_its_node_and_starts_none(
    servers: dict[str, Valkey], tmp_path: Path, lost: str, says: str, code: str
) -> None:
    with staged(QuickStage(tmp_path / "stage", log_level="info")) as stage:
        servers[lost].ask("FLUSHALL")
        assert stage.gateway.wait(WAIT_S) == 1
        lines = [json.loads(line) for line in stage.log.read_text("utf-8").splitlines() if line.startswith("{")]
        (line,) = [each for each in lines if each["event"] == "store_lost"]
        assert says in line["reason"]
        assert "Traceback" not in stage.log.read_text("utf-8")
        again = place_of(stage, tmp_path / "again")
        assert again.says("serve").endswith(f"[{code}]")
        assert again.says("serve", "--workers", "2").endswith(f"[{code}]")
        assert again.says("begin-anew", "--confirm").endswith("[place_taken]")
        left = servers[lost].ask("KEYS", "*")  # a mark of the time may have been on its way to the server
        assert [
            key for key in left if not key.endswith(b":marks") or servers[lost].ask("HEXISTS", key, "installation")
        ] == []


def place_of(stage: Stage, folder: Path) -> Mistaken:
    """The same settings and surroundings, for verbs that fail."""
    folder.mkdir()
    place = Mistaken(folder)
    place.settings = stage.folder / "gateway.toml"
    place.environ = {name: str(value) for name, value in stage._environ.items()}
    return place
