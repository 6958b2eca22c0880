"""The audit log on real stores: what waits gets into the tree once, and a log that was rolled back is not continued."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import InclusionProof

from gateway.audit.actor import NODE
from gateway.audit.acts import Act
from gateway.audit.anchor import read_anchor
from gateway.audit.entries import entry
from gateway.audit.log import INTENT, AuditLog, close_open
from gateway.audit.sequencer import Sequencer
from gateway.audit.signing import LogSigner
from gateway.audit.tiles import TileReader
from gateway.audit.tree import leaf_hash
from gateway.audit.verify import verify
from gateway.audit.writing import ForkFound, LogWriter, LostRace, TreeBusy
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from redaction.retention import DEFAULT_RULES
from tests.bounds import LIMIT_S

ORIGIN = "gateway.example/audit/1"


class Site:
    """A ledger, a key store and a log, in folders of their own."""

    def __init__(self, place: Path, clock: ManualClock) -> None:
        self.place = place
        self.clock = clock
        self.folder = place / "audit"
        self.store = Keystore(place / "keys" / "keys.db", FileRootSlot(place / "root" / "root.key"), clock)
        self.ledger = SqliteLedger(place / "data" / "ledger.db", clock)

    async def open(self) -> "Site":
        self.store.open()
        await self.ledger.open()
        return self

    def writer(self, folder: Path | None = None, *, ml_dsa: bool = False) -> LogWriter:
        keyring = Keyring(self.store, DEFAULT_RULES.values(), self.clock)
        keyring.ensure_present()
        signer = LogSigner(ORIGIN, self.store, keyring, self.clock, ml_dsa=ml_dsa)
        return LogWriter(folder or self.folder, signer, self.store)

    def sequencer(self, folder: Path | None = None) -> Sequencer:
        return Sequencer(self.ledger.acts, self.writer(folder), self.clock)

    async def act(self, *numbers: int) -> None:
        said = [entry(Act.DISPATCH, NODE, "", now_ms=self.clock.now_ms(), numbers={"version": it}) for it in numbers]
        await self.ledger.acts.act((), said)

    def size(self) -> int:
        return read_anchor(self.store.marks.all()).size

    def numbers(self) -> list[int]:
        return [msgspec.json.decode(each)["n"]["version"] for _, each in TileReader(self.folder, self.size()).entries()]

    async def close(self) -> None:
        await self.ledger.close()
        self.store.close()


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = await Site(tmp_path / "site", ManualClock()).open()
    yield site
    await site.close()


@contextlib.asynccontextmanager
async def restored(site: Site, name: str, **folders: Path) -> AsyncIterator[Site]:
    """The site as it is now, with these of its folders as they were in a copy."""
    await site.close()
    place = shutil.copytree(site.place, site.place.parent / name)
    for folder, copy in folders.items():
        shutil.rmtree(place / folder)
        shutil.copytree(copy / folder, place / folder)
    again = await Site(place, site.clock).open()
    yield again
    await again.close()
    await site.open()


async def copied(site: Site, name: str) -> Path:
    await site.close()
    place = shutil.copytree(site.place, site.place.parent / name)
    await site.open()
    return place


@pytest.mark.policy("P-26")
async def test_what_waits_is_in_the_log_once_and_another_program_verifies_it(site: Site) -> None:
    sequencer = site.sequencer()
    await site.act(*range(300))
    note = await sequencer.round()
    assert note is not None
    await site.act(300, 301)
    note = await sequencer.round()
    assert note is not None
    assert await site.ledger.acts.pending(10) == []
    assert site.numbers() == list(range(302))
    writer = site.writer()
    assert verify(site.folder, note, writer.key) is None
    theirs = TilesReader(LocalBackend(site.folder))
    signed = theirs.get_checkpoint()
    signed.verify(Vkey.from_string(writer.key.text))
    assert theirs.calculate_root_hash() == signed.root_hash
    InclusionProof(301, 302, TileReader(site.folder, 302).entry_path(301)).check(
        leaf_hash(theirs.get_entry(301)), signed.root_hash
    )


async def test_a_log_without_entries_has_no_checkpoint(site: Site) -> None:
    sequencer = site.sequencer()
    assert await sequencer.round() is None
    assert sequencer.checkpoint() is None
    assert site.size() == 0


async def test_another_process_goes_on_where_the_first_one_stopped(site: Site) -> None:
    first, second = site.sequencer(), site.sequencer()
    for number in range(6):
        await site.act(number)
        await (first, second)[number % 2].round()
    assert site.numbers() == list(range(6))


async def test_what_was_signed_and_not_settled_is_not_put_there_twice(site: Site) -> None:
    await site.act(*range(5))
    entries = await site.ledger.acts.pending(10)
    writer = site.writer()
    with writer.alone():
        writer.append(entries)  # and the process dies before it settles them
    await site.act(5)
    await site.sequencer().round()
    assert site.numbers() == list(range(6))


async def test_a_checkpoint_that_was_not_written_is_signed_again(site: Site) -> None:
    await site.act(1)
    sequencer = site.sequencer()
    await sequencer.round()
    older = (site.folder / "checkpoint").read_bytes()
    await site.act(2)
    await sequencer.round()
    (site.folder / "checkpoint").write_bytes(older)
    await site.sequencer().round()
    assert b"\n2\n" in (site.folder / "checkpoint").read_bytes()


@pytest.mark.policy("P-26")
async def test_a_log_that_was_restored_from_a_copy_is_not_continued_and_the_sizes_are_named(site: Site) -> None:
    await site.act(*range(10))
    await site.sequencer().round()
    yesterday = await copied(site, "yesterday")
    await site.act(*range(10, 300))
    await site.sequencer().round()
    async with restored(site, "rolled_back", audit=yesterday, data=yesterday) as rolled_back:
        sequencer = rolled_back.sequencer()
        await rolled_back.act(1_000)
        with pytest.raises(ForkFound, match=r"300 entries were signed, and its checkpoint is of 10 "):
            await sequencer.round()
        assert await sequencer.try_round() is None
        assert sequencer.forked
        assert len(await rolled_back.ledger.acts.pending(10)) == 1, "what waits stays where it is"
        shutil.rmtree(rolled_back.folder)
        shutil.copytree(site.folder, rolled_back.folder)
        assert await sequencer.try_round() is not None
        assert not sequencer.forked
        assert rolled_back.numbers() == [*range(300), 1_000]


async def test_a_log_of_the_same_size_that_is_another_is_not_continued(site: Site) -> None:
    await site.act(1)
    await site.sequencer().round()
    tile = site.folder / "tile/0/000.p/1"
    tile.write_bytes(bytes(32))
    await site.act(2)
    with pytest.raises(ForkFound, match="another tree"):
        await site.sequencer().round()


async def test_entries_that_come_again_from_a_restored_ledger_are_not_put_there_twice(site: Site) -> None:
    await site.act(*range(300))
    yesterday = await copied(site, "yesterday")
    await site.sequencer().round()
    await site.act(300)
    await site.sequencer().round()
    async with restored(site, "restored", data=yesterday) as again:
        await again.act(400)
        await again.sequencer().round()
        assert again.numbers() == [*range(301), 400]
        await again.act(401)
        await again.sequencer().round()
        assert again.numbers() == [*range(301), 400, 401]


async def test_a_restored_key_store_takes_over_what_its_own_key_has_signed_since(site: Site) -> None:
    await site.act(*range(10))
    await site.sequencer().round()
    yesterday = await copied(site, "yesterday")
    await site.act(*range(10, 20))
    waiting = await site.ledger.acts.pending(100)
    writer = site.writer()
    with writer.alone():
        writer.append(waiting)
    async with restored(site, "restored", keys=yesterday, root=yesterday) as again:
        assert again.size() == 10
        await again.act(20)
        await again.sequencer().round()
        assert again.numbers() == list(range(21))


async def test_another_folder_does_not_become_a_second_log(site: Site, tmp_path: Path) -> None:
    first = site.sequencer()
    await site.act(1)
    await first.round()
    other = site.sequencer(tmp_path / "elsewhere")
    await site.act(2)
    with pytest.raises(ForkFound):
        await other.round()
    await first.round()
    assert site.numbers() == [1, 2]


async def test_who_signs_over_what_another_has_signed_meanwhile_has_lost(site: Site, tmp_path: Path) -> None:
    await site.act(1)
    entries = await site.ledger.acts.pending(10)
    slow, fast = site.writer(tmp_path / "elsewhere"), site.writer()
    slow.standing()
    slow._keystore = Overtaken(slow._keystore, lambda: fast.append(entries))  # type: ignore[assignment]
    with slow.alone(), fast.alone(), pytest.raises(LostRace):
        slow.append(entries)
    assert site.numbers() == [1]


class Overtaken:
    """A key store that somebody else changes just before."""

    def __init__(self, store: Keystore, first: object) -> None:
        self.marks = self
        self._marks = store.marks
        self.all = store.marks.all
        self._first = first

    def move(self, standing: dict[str, int], marks: dict[str, int]) -> bool:
        self._first()  # type: ignore[operator]
        return self._marks.move(standing, marks)


async def test_one_process_writes_at_a_time(site: Site) -> None:
    await site.act(1)
    with site.writer().alone(), pytest.raises(TreeBusy):
        await site.sequencer().round()
    assert site.size() == 0


async def test_the_task_puts_entries_into_the_log_when_it_is_asked(site: Site) -> None:
    sequencer = site.sequencer()
    task = asyncio.create_task(sequencer.run())
    async with asyncio.timeout(LIMIT_S):
        await site.act(1)
        while b"\n1\n" not in (sequencer.checkpoint() or b""):  # written last, after what counts as signed
            sequencer.hurry()
            await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert site.size() == 1


async def test_a_node_without_the_folder_counts_what_waits(site: Site) -> None:
    sequencer = Sequencer(site.ledger.acts, None, site.clock)
    await site.act(1, 2, 3)
    site.clock.advance(60)
    await sequencer.round()
    assert (sequencer.pending, sequencer.age_s(), sequencer.checkpoint()) == (3, 60, None)


# --------------------------------------------------------------------------------------------------- intents, outcomes


async def results(site: Site) -> list[tuple[str, str]]:
    found = [msgspec.json.decode(each.octets) for each in await site.ledger.acts.pending(100)]
    return [(each["res"], each.get("intent", "")) for each in found]


async def test_an_act_on_anything_else_has_an_intent_and_an_outcome_of_the_same_number(site: Site) -> None:
    log = AuditLog(site.ledger.acts, site.clock, NODE)
    async with log.around(Act.KEYS_ROTATE) as outcome:
        ((result, number),) = await results(site)
        assert (result, len(number)) == ("intent", 16)
        outcome.say(numbers={"version": 7})
    assert await results(site) == [("intent", number), ("ok", number)]
    assert await site.ledger.acts.of_kind(INTENT) == []


async def test_an_act_that_fails_says_so(site: Site) -> None:
    log = AuditLog(site.ledger.acts, site.clock, NODE)
    with pytest.raises(ZeroDivisionError):
        async with log.around(Act.KEYS_ROTATE):
            raise ZeroDivisionError
    assert [result for result, _ in await results(site)] == ["intent", "refused:failed"]


async def test_an_intent_whose_process_died_is_closed_as_aborted(site: Site) -> None:
    log = AuditLog(site.ledger.acts, site.clock, NODE)
    begun = log.around(Act.KEYS_ROTATE)
    await begun.__aenter__()
    assert await close_open(site.ledger.acts, site.clock, before_ms=site.clock.now_ms()) == 0
    site.clock.advance(1)
    assert await close_open(site.ledger.acts, site.clock, before_ms=site.clock.now_ms()) == 1
    assert [result for result, _ in await results(site)] == ["intent", "aborted"]
    assert await site.ledger.acts.of_kind(INTENT) == []
