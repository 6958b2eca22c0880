"""Tokens that sign are kept sealed, of no other key, and go with their customer's key."""

from pathlib import Path

import pytest

from gateway.accounts.administration import Accounts, Profile, reseal_tokens
from gateway.accounts.directory import Directory
from gateway.accounts.key_tokens import KeyTokens, open_token
from gateway.accounts.settings import CustomerSettings, KeySettings, key_settings
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.rotation import rotate_customer
from redaction.errors import SealError
from redaction.personal import MessageText, Purpose
from tests.unit.gateway.road import running_road
from tests.unit.gateway.stage import digest


async def test_a_token_that_signs_is_found_and_outlives_a_rotation(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        accounts = Accounts(
            road.ledger.accounts,
            road.clock,
            COMMAND_LINE,
            sealer=road.sealer,
            ensure_keys=road.keyring.ensure_customer,
            digest=digest,
        )
        owner = await accounts.add_customer(Profile(name=MessageText("Shop")), CustomerSettings())
        made = [
            await accounts.add_key(owner.id, scopes=("send",), settings=KeySettings(), facades=facades)
            for facades in ((), ("kannel",), ("twilio",), ("kannel", "twilio"))
        ]
        directory = Directory(road.ledger.accounts, digest)
        await directory.refresh()
        found = directory.tokens(owner.id)
        assert [each.key for each in found] == [made[3][0].id, made[2][0].id]
        secrets = [secret.reveal(Purpose.CREDENTIAL) for _, secret in made]
        assert [open_token(road.sealer, each, owner.id).reveal(Purpose.CREDENTIAL) for each in found] == secrets[:1:-1]
        assert not key_settings(made[1][0].settings).signing
        assert not any(secret in repr(found) + str(made[3][0].settings) for secret in secrets)
        rotate_customer(road.store, road.clock, owner.id)
        await reseal_tokens(road.ledger.accounts, road.sealer, owner.id)
        await directory.refresh()
        anew = directory.tokens(owner.id)
        assert {each.sealed for each in anew}.isdisjoint(each.sealed for each in found)
        assert [open_token(road.sealer, each, owner.id).reveal(Purpose.CREDENTIAL) for each in anew] == secrets[:1:-1]
        with pytest.raises(SealError):
            open_token(road.sealer, anew[0], owner.id + 1)
        await accounts.revoke_key(made[3][0].prefix)
        await directory.refresh()
        assert [each.key for each in directory.tokens(owner.id)] == [made[2][0].id]
        tokens = KeyTokens(directory, road.sealer)
        for key in (made[2][0].id, made[3][0].id):  # one that is revoked leaves it to the newest
            assert tokens.of(owner.id, key) == made[2][1]
        assert tokens.of(owner.id + 1, key) is None
