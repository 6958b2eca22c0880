"""Account operations: what an administrator does, and what of it is stored."""

import math
import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import pytest
import structlog

from gateway.accounts.administration import (
    ATTEMPTS,
    Accounts,
    Profile,
    UnknownAccount,
    change_endpoints,
    number_settings,
)
from gateway.accounts.customers import CustomerSettings, EsmeSettings, KeySettings, NumberSettings, Owner
from gateway.accounts.directory import Directory
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.passwords import matches
from gateway.audit.actor import COMMAND_LINE, NODE
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer, StoredEndpoint
from gateway.process.clock import ManualClock
from redaction.keys import KeyState
from redaction.personal import MessageText, Purpose, Secret
from redaction.pseudonymise import credential_digest
from redaction.seal import PurposeRefused, Sealer
from redaction.sealed import Sealed
from tests.contract.records import an_endpoint
from tests.unit.gateway.small_ledger import SmallLedger

CANARY = "canary@example.com"
PROFILE = Profile(name=MessageText("Noura"), email=MessageText(CANARY))


class Desk:
    def __init__(self, ledger: SmallLedger | None = None) -> None:
        self.ledger = ledger or SmallLedger()
        self.clock = ManualClock()
        keys = KeyState()
        keys.ensure_customer(0, self.clock.random)

        def digest(secret: Secret, epoch: int) -> bytes:
            return credential_digest(keys, secret, epoch)

        def ensure_keys(customer: int) -> None:
            keys.ensure_customer(customer, self.clock.random)

        self.directory = Directory(self.ledger, digest)
        self.accounts = Accounts(
            self.ledger,
            self.clock,
            COMMAND_LINE,
            sealer=Sealer(keys, self.clock.random),
            ensure_keys=ensure_keys,
            digest=digest,
        )


@pytest.mark.policy("P-03")
async def test_contact_data_is_stored_sealed_and_opened_for_a_purpose() -> None:
    desk = Desk()
    added = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    (stored,) = await desk.accounts.customers()
    assert msgspec.structs.replace(stored, version=added.version) == added
    assert stored.disabled_ms is None
    assert CANARY.encode() not in msgspec.msgpack.encode(stored)
    assert desk.accounts.profile(stored, Purpose.INFORM_CUSTOMER) == PROFILE
    with pytest.raises(PurposeRefused):
        desk.accounts.profile(stored, Purpose.IMPROVEMENT)


@pytest.mark.policy("P-03")
async def test_a_key_is_shown_once_and_stored_as_digest_and_prefix() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    stored, secret = await desk.accounts.add_key(owner.id, scopes=("send",), settings=KeySettings())
    shown = secret.reveal(Purpose.CREDENTIAL)
    assert re.fullmatch(r"cgw_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", shown)
    assert stored.prefix == shown[4:12]
    assert shown[13:].encode() not in msgspec.msgpack.encode(await desk.ledger.keys())
    await desk.directory.refresh()
    found = desk.directory.find(secret)
    assert found is not None
    assert found.id == stored.id


async def test_keys_have_prefixes_of_their_own() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    for _ in range(3):
        await desk.accounts.add_key(owner.id, scopes=(), settings=KeySettings())
    keys = await desk.accounts.keys(owner.id)
    assert len({key.prefix for key in keys}) == 3
    assert await desk.accounts.keys(owner.id + 1) == []


async def test_a_revoked_key_keeps_the_time_it_was_revoked() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    stored, secret = await desk.accounts.add_key(owner.id, scopes=("send",), settings=KeySettings())
    revoked = await desk.accounts.revoke_key(stored.prefix)
    desk.clock.advance(60)
    assert (await desk.accounts.revoke_key(stored.prefix)).revoked_ms == revoked.revoked_ms
    await desk.directory.refresh()
    assert desk.directory.find(secret) is None


async def test_a_customer_is_disabled_and_enabled() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    await desk.accounts.disable(owner.id)
    await desk.accounts.change_settings(owner.id, lambda _: {"default_class": "otp"})
    await desk.directory.refresh()
    known = desk.directory.customer(owner.id)
    assert known is not None
    assert known.disabled
    assert known.settings.default_class == "otp"
    await desk.accounts.disable(owner.id, disabled=False)
    (stored,) = await desk.accounts.customers()
    assert stored.disabled_ms is None


async def test_what_is_not_there_is_an_error() -> None:
    accounts = Desk().accounts
    with pytest.raises(UnknownAccount):
        await accounts.revoke_key("00000000")
    with pytest.raises(UnknownAccount):
        await accounts.disable(9)
    with pytest.raises(UnknownAccount):
        await accounts.add_key(9, scopes=("send",), settings=KeySettings())
    with pytest.raises(ValueError, match="scopes are"):
        await accounts.add_key(9, scopes=("everything",), settings=KeySettings())


@pytest.mark.parametrize("scope", ["admin"])
async def test_a_scope_that_opens_nothing_is_refused_and_the_ones_that_do_are_named(scope: str) -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    with pytest.raises(ValueError, match=f"the scope {scope} opens nothing in this version; scopes are send, status"):
        await desk.accounts.add_key(owner.id, scopes=("send", scope), settings=KeySettings())
    assert await desk.accounts.keys() == []


@pytest.mark.policy("P-03")
async def test_an_esme_account_binds_by_a_password_that_is_shown_once_and_kept_as_a_hash() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    stored, password = await desk.accounts.add_esme(owner.id, "bank-1", settings=EsmeSettings(max_binds=2))
    await desk.directory.refresh()
    esme = desk.directory.esme("bank-1")
    assert esme is not None
    assert (esme.key.id, esme.key.customer.id, esme.max_binds) == (-stored.id, owner.id, 2)
    shown = password.reveal(Purpose.CREDENTIAL)
    assert len(shown) == 8
    assert shown not in stored.password
    assert stored.password.startswith("$argon2id$")
    assert matches(esme.password, password)
    assert not matches(esme.password, Secret(shown[:-1]))
    assert desk.directory.esmes_of(owner.id) == [esme]


async def test_a_system_id_is_given_once_and_for_all() -> None:
    desk = Desk()
    owner = await desk.accounts.add_customer(PROFILE, CustomerSettings())
    await desk.accounts.add_esme(owner.id, "bank-1", settings=EsmeSettings())
    await desk.accounts.revoke_esme("bank-1")
    await desk.directory.refresh()
    assert desk.directory.esme("bank-1") is None
    for name in ("bank-1", "", "sixteen-letters-", "spaced out"):
        with pytest.raises(ValueError, match="system_id"):
            await desk.accounts.add_esme(owner.id, name, settings=EsmeSettings())
    with pytest.raises(UnknownAccount):
        await desk.accounts.revoke_esme("nobody")


async def a_customer(desk: Desk) -> int:
    return (await desk.accounts.add_customer(PROFILE, CustomerSettings())).id


async def owner_of(desk: Desk, number: str, word: str = "") -> Owner | None:
    await desk.directory.refresh()
    return desk.directory.owner(number, word)


@pytest.mark.smpp("S-49")
async def test_a_number_has_an_owner_until_it_is_taken_away() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    assert await owner_of(desk, "90909") is None
    assert await desk.accounts.add_number(customer, "+90909", NumberSettings()) == "90909"
    assert await owner_of(desk, "0090909", "anything") == Owner(customer, 0, False)
    assert await desk.accounts.remove_number("90909") == [customer]
    assert await owner_of(desk, "90909") is None


@pytest.mark.smpp("S-49")
@pytest.mark.parametrize("word", ["BANK", "bank", "Bank!", "(bank),"])
async def test_a_keyword_has_one_spelling(word: str) -> None:
    desk = Desk()
    customer, other = await a_customer(desk), await a_customer(desk)
    await desk.accounts.add_number(customer, "90909", NumberSettings(keywords=("Bank",)))
    await desk.accounts.add_number(other, "90909", NumberSettings())
    assert await owner_of(desk, "90909", word) == Owner(customer, 0, False)
    assert await owner_of(desk, "90909", "shop") == Owner(other, 0, False)


@pytest.mark.smpp("S-49")
async def test_arabic_keywords_match_with_and_without_vowel_signs() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    await desk.accounts.add_number(customer, "90909", NumberSettings(keywords=("رصيد",)))
    assert await owner_of(desk, "90909", "رَصِيد؟") == Owner(customer, 0, False)
    assert await owner_of(desk, "90909", "حساب") is None


async def test_a_number_or_a_keyword_of_it_has_one_owner() -> None:
    desk = Desk()
    customer, other = await a_customer(desk), await a_customer(desk)
    await desk.accounts.add_number(customer, "1", NumberSettings())
    await desk.accounts.add_number(customer, "2", NumberSettings(keywords=("Bank", "pay")))
    for number, keywords in (("1", ()), ("2", ("BANK",))):
        with pytest.raises(ValueError, match="another customer"):
            await desk.accounts.add_number(other, number, NumberSettings(keywords=keywords))
    assert await desk.accounts.add_number(other, "2", NumberSettings(keywords=("shop",))) == "2"


@pytest.mark.parametrize("number", ["", "INTERKEY", "٩٠٩٠٩", "1" * 21])
async def test_what_is_no_number_cannot_be_owned(number: str) -> None:
    desk = Desk()
    with pytest.raises(ValueError, match="20 digits"):
        await desk.accounts.add_number(await a_customer(desk), number, NumberSettings())


async def test_the_binds_of_a_named_account_are_told_and_only_of_ones_own() -> None:
    desk = Desk()
    customer, other = await a_customer(desk), await a_customer(desk)
    esme, _ = await desk.accounts.add_esme(customer, "shop", settings=EsmeSettings())
    with pytest.raises(ValueError, match="system_id"):
        await desk.accounts.add_number(other, "1", NumberSettings(esme="shop"))
    await desk.accounts.add_number(customer, "1", NumberSettings(esme="shop"))
    assert await owner_of(desk, "1") == Owner(customer, esme.id, True)


async def test_a_disabled_customer_owns_nothing() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    await desk.accounts.add_number(customer, "1", NumberSettings())
    await desk.accounts.disable(customer)
    assert await owner_of(desk, "1") is None
    with pytest.raises(UnknownAccount):
        await desk.accounts.remove_number("2")


class Busy(SmallLedger):
    """Somebody else is always quicker: `meanwhile` is called before a write that depends on what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.tried = 0

    async def save_customer(
        self,
        customer: StoredCustomer,
        *,
        read: int | None = None,
        accounts: int | None = None,
        entries: Sequence[bytes] = (),
    ) -> int:
        if self.meanwhile is not None and read is not None:
            self.tried += 1
            work, self.meanwhile = self.meanwhile, None
            await work()
        return await super().save_customer(customer, read=read, accounts=accounts, entries=entries)


async def busy_desk() -> tuple[Desk, Busy, int]:
    ledger = Busy()
    desk = Desk(ledger)
    return desk, ledger, await a_customer(desk)


async def test_a_change_that_loses_is_made_again_on_what_stands_by_then() -> None:
    desk, ledger, customer = await busy_desk()
    ledger.meanwhile = lambda: desk.accounts.change_settings(customer, lambda _: {"default_class": "otp"})
    settings = await desk.accounts.change_settings(customer, lambda _: {"throughput_per_s": 5})
    assert (settings.default_class, settings.throughput_per_s) == ("otp", 5)
    ledger.meanwhile = lambda: desk.accounts.disable(customer)
    await desk.accounts.add_number(customer, "90909", NumberSettings())
    (stored,) = await desk.accounts.customers()
    assert stored.disabled_ms is not None
    assert set(number_settings(stored)) == {"90909"}


async def test_who_loses_every_time_is_told_so_and_nothing_is_changed() -> None:
    desk, ledger, customer = await busy_desk()

    async def toggle() -> None:
        (stored,) = await ledger.customers()
        await SmallLedger.save_customer(ledger, stored)
        ledger.meanwhile = toggle

    ledger.meanwhile = toggle
    with pytest.raises(ChangedMeanwhile, match="meanwhile"):
        await desk.accounts.change_settings(customer, lambda _: {"throughput_per_s": 5})
    assert ledger.tried == ATTEMPTS
    ledger.meanwhile = None
    assert (await desk.accounts.change_settings(customer, lambda _: {})).throughput_per_s is None


async def test_a_number_that_another_customer_took_meanwhile_is_refused() -> None:
    desk, ledger, customer = await busy_desk()
    other = await a_customer(desk)
    ledger.meanwhile = lambda: desk.accounts.add_number(other, "90909", NumberSettings())
    with pytest.raises(InvalidSetting, match="another customer"):
        await desk.accounts.add_number(customer, "90909", NumberSettings())
    assert await desk.accounts.remove_number("90909") == [other]


async def test_a_change_of_nothing_writes_nothing() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    before = await desk.ledger.version()
    await desk.accounts.change_settings(customer, lambda _: {})
    await desk.accounts.disable(customer, disabled=False)
    assert await desk.ledger.version() == before


@pytest.mark.case("interfaces-3")
async def test_a_throughput_that_is_no_number_is_never_written_as_none() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    await desk.accounts.change_settings(customer, lambda _: {"throughput_per_s": 5})
    with pytest.raises(InvalidSetting):
        await desk.accounts.change_settings(customer, lambda _: {"throughput_per_s": math.nan})
    assert (await desk.accounts.change_settings(customer, lambda _: {})).throughput_per_s == 5


async def test_an_endpoint_is_set_over_whatever_stands_and_removed() -> None:
    desk = Desk()
    customer = await a_customer(desk)
    assert await desk.accounts.endpoint(customer) is None
    url = Sealed(b"first")
    seen: list[StoredEndpoint | None] = []

    def change(standing: StoredEndpoint | None) -> StoredEndpoint:
        seen.append(standing)
        return an_endpoint(customer, url=url)

    await desk.accounts.set_endpoint(customer, change)
    await desk.accounts.set_endpoint(customer, change)
    first, second = seen
    assert first is None
    assert second is not None
    assert second.url == url
    await desk.accounts.remove_endpoint(customer)
    assert await desk.accounts.endpoint(customer) is None


async def test_every_change_says_whose_it_was() -> None:
    desk = Desk()
    with structlog.testing.capture_logs() as said:
        customer = await a_customer(desk)
        await desk.accounts.add_esme(customer, "bank", settings=EsmeSettings())
        await change_endpoints(desk.ledger, NODE, [customer], lambda stored: stored, 0)
        await desk.ledger.save_endpoint(an_endpoint(customer))
        await change_endpoints(
            desk.ledger, NODE, [customer, 9], lambda stored: msgspec.structs.replace(stored, failing_since_ms=1), 0
        )
    changes = [(each["kind"], each["actor"]) for each in said if each["event"] == "account_changed"]
    assert changes == [("customer", "command_line"), ("esme", "command_line"), ("endpoint", "node")]
    written = [msgspec.json.decode(each.octets) for each in await desk.ledger.acts.pending(10)]
    assert [(each["act"], each["actor"]["kind"]) for each in written] == [
        ("customer.add", "command_line"),
        ("esme.add", "command_line"),
        ("webhook.note", "node"),
    ]
