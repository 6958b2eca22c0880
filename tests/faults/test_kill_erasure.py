"""Killed at any step of an erasure, on both engines: another process finishes it, or who asked asks again.

What has an intent gets one outcome; a neighbour is as before. The quick cases kill before the first step, in the middle
and after the last one, on SQLite; every step, on both engines, is `slow`.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gateway
from gateway.audit.actor import COMMAND_LINE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.rows import Consent, Proof
from gateway.keystore.permission_keys import PermissionKeys
from gateway.rights.building import Stands, eraser, publisher
from gateway.vault.vault import Vault
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer
from tests.bounds import LIMIT_S
from tests.faults.erasure_victim import CUSTOMER, ERASED, Deadline, erase, opened
from tests.integration.valkey_server import valkey
from tests.privacy.test_attacked_erasure import on_redis
from tests.unit.gateway.road import running_road

ROOT = Path(gateway.__file__).parent.parent
KILLED = -9
OF = Of(CUSTOMER, "cus_1")


@pytest.fixture(scope="module")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("redis")) as address:
        yield address


class Scene:
    """A person with two messages and a consent, and a neighbour with one message."""

    def __init__(self, place: Path, url: str, gone: list[bytes], stays: bytes) -> None:
        self.place = place
        self.url = url
        self.gone = gone
        self.stays = stays

    async def die(self, prefix: str, step: int) -> tuple[int, str]:
        words = (str(self.place), self.url, prefix, str(step))
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.erasure_victim", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(LIMIT_S):
            said, _ = await victim.communicate()
        assert victim.returncode is not None
        return victim.returncode, said.decode()


async def prepare(place: Path, url: str, prefix: str) -> Scene:
    place.mkdir()
    async with running_road(place, down=["loop"]) as road:
        gone = [await road.send(to="+966500000001", message_class=each) for each in ("transactional", "promotional")]
        stays = await road.send(to="+966500000002")
        tokens = PermissionKeys(road.keyring).tokens
        consents = ConsentDesk(road.ledger.permissions, tokens, road.clock, COMMAND_LINE)
        consent = Consent(purpose="promotional", proof=Proof(given_ms=road.clock.now_ms()))
        for number in (ERASED, Msisdn("966500000002", 966)):
            await consents.give(OF, number, consent)
        await road.settled()
        if url:
            async with on_redis(url, road, prefix):
                pass
    return Scene(place, url, gone, stays)


async def entries(on: Stands) -> list[dict[str, Any]]:
    found = [json.loads(each.octets) for each in await on.ledger.acts.pending(10_000)]
    return [each for each in found if each["act"] == "subject.erase"]


async def rows(on: Stands, scene: Scene) -> list[bool]:
    return [each is not None for each in await on.ledger.messages.find_many([*scene.gone, scene.stays])]


async def check(on: Stands, scene: Scene) -> None:
    """After a death: what was begun is finished, and then the person is gone whoever asks again."""
    begun = len(await entries(on))
    publish = publisher(on.ledger, {CUSTOMER: None})
    await eraser(on, COMMAND_LINE, publish).resume(on.clock.now_ms() + 1)
    if begun:
        assert [each["res"] for each in await entries(on)] == ["intent", "ok"]
        assert await rows(on, scene) == [False, False, True]
    else:
        assert await rows(on, scene) == [True, True, True]
    await erase(on, Deadline(0))
    assert await rows(on, scene) == [False, False, True]
    said = [each["res"] for each in await entries(on)]
    assert said.count("intent") == said.count("ok") == len(said) // 2
    sealer = Sealer(on.keystore.state, on.clock.random)
    vault = Vault(sealer, DEFAULT_RULES, on.clock.now_ms, on.ledger.formats)
    (neighbour,) = await on.ledger.messages.find_many([scene.stays])
    assert neighbour is not None
    assert vault.open_content(neighbour).to == Msisdn("966500000002", 966)
    consents = ConsentDesk(on.ledger.permissions, PermissionKeys(on.keyring).tokens, on.clock, COMMAND_LINE)
    assert (await consents.show(OF, ERASED)).consents == []
    assert len((await consents.show(OF, Msisdn("966500000002", 966))).consents) == 1


async def killed_at(folder: Path, url: str, step: int) -> bool:
    """Whether it died; then what is left was checked."""
    place, prefix = folder / str(step), f"erasure-{folder.name}-{step}"
    scene = await prepare(place, url, prefix)
    code, said = await scene.die(prefix, step)
    assert code in (KILLED, 0), said
    async with opened(place, url, prefix) as on:
        await check(on, scene)
    shutil.rmtree(place)
    return code == KILLED


@pytest.mark.policy("P-34")
@pytest.mark.parametrize("step", [1, 7, 12])
async def test_an_erasure_that_is_killed_is_finished_or_asked_for_again(tmp_path: Path, step: int) -> None:
    assert await killed_at(tmp_path, "", step)


@pytest.mark.slow
@pytest.mark.policy("P-34")
@pytest.mark.parametrize("engine", ["sqlite", "redis"])
async def test_every_step_of_an_erasure_may_be_the_last(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis_address") if engine == "redis" else ""
    steps = 1
    while await killed_at(tmp_path, url, steps):
        steps += 1
    assert steps > 12
