"""The notice says what settings and inventory say, and its versions what people were told."""

import msgspec
import pytest

from config.operators import OperatorRegister, SmppOperatorSettings
from config.retention import DEFAULT_RETENTION
from config.rules import packs
from config.settings import AdminSettings, PagesSettings, PrivacySettings, Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import read_entry
from gateway.process.manual_clock import ManualClock
from gateway.transparency.changes import Change, changes
from gateway.transparency.notice import Notice, decoded, digest, encoded, new_purposes, notice_of
from gateway.transparency.versions import KIND, PurposesNew, Stored, Versions
from redaction.document_inventory import DOCUMENTS
from redaction.inventory import INVENTORY
from tests.unit.gateway.small_acts import SmallActs

ABROAD = OperatorRegister(
    country="DE", contract_reference="C-7", transfer_record="T-1", safeguard="SCC", risk_assessment="R-1"
)
SETTINGS = Settings(
    privacy=PrivacySettings(controller="Sender LLC, Riyadh", contact="privacy@sender.sa"),
    operators=(SmppOperatorSettings(name="north", host="smsc.north.sa", register=ABROAD),),
    pages=PagesSettings(enabled=True),
)


def notice(settings: Settings = SETTINGS) -> Notice:
    return notice_of(settings, packs()[-1])


def with_otp_record(seconds: int) -> Settings:
    rules = [
        msgspec.structs.replace(each, record_s=seconds) if each.tag == "otp" else each for each in DEFAULT_RETENTION
    ]
    return msgspec.structs.replace(SETTINGS, retention=tuple(rules))


def lacking_a_purpose() -> Notice:
    return msgspec.structs.replace(notice(), purposes=notice().purposes[1:])


def versions(acts: SmallActs) -> Versions:
    return Versions(acts, ManualClock(), COMMAND_LINE)


@pytest.mark.policy("P-09")
@pytest.mark.policy("P-18")
def test_every_purpose_basis_and_recipient_is_said() -> None:
    said = notice()
    fields = (*INVENTORY.values(), *DOCUMENTS.values())
    assert {each.key for each in said.purposes} == {
        f"{each.purpose.value}/{each.basis.value}/{each.role.value}" for each in fields
    }
    north = next(each for each in said.recipients if each.name == "north")
    assert (north.country, north.safeguard, north.fields) == ("DE", "SCC", ("default",))


@pytest.mark.policy("P-31")
def test_cookies_follow_the_settings() -> None:
    assert notice().cookies == ()
    more = msgspec.structs.replace(
        SETTINGS, admin=AdminSettings(port=0), pages=PagesSettings(enabled=True, count_views=True)
    )
    assert [(each.where, each.is_needed) for each in notice(more).cookies] == [
        *[("console", True)] * 2,
        ("pages", False),
    ]


@pytest.mark.policy("P-21")
def test_one_period_is_one_change() -> None:
    found = changes(notice(), notice(with_otp_record(172_800)))
    assert found == [Change(section="record", name="otp", before=(7_776_000,), after=(172_800,))]
    assert changes(notice(), notice()) == []


def test_the_same_notice_has_the_same_octets_and_comes_back() -> None:
    assert decoded(encoded(notice())) == notice()
    assert digest(notice()) != digest(notice(with_otp_record(172_800)))


@pytest.mark.policy("P-39")
async def test_a_version_is_written_where_something_is_said_otherwise_and_stays_as_it_was() -> None:
    acts = SmallActs()
    first = await versions(acts).keep(notice())
    assert await versions(acts).keep(notice()) == first
    second = await versions(acts).keep(notice(with_otp_record(172_800)))
    assert [each.number for each in (first, second)] == [1, 2]
    assert await versions(acts).all() == [first, second]
    told = [read_entry(each.octets) for each in await acts.pending(10)]
    assert [(each["act"], each["n"], each["d"]["statement"]) for each in told] == [
        ("notice.publish", {"version": each.number}, each.digest) for each in (first, second)
    ]


@pytest.mark.policy("P-13")
async def test_a_new_purpose_is_told_by_a_person_alone() -> None:
    acts = SmallActs()
    await versions(acts).keep(lacking_a_purpose())
    missing = new_purposes(lacking_a_purpose(), notice())
    with pytest.raises(PurposesNew, match="notice publish") as refused:
        await versions(acts).keep(notice())
    assert list(refused.value.purposes) == missing == [notice().purposes[0].key]
    assert (await versions(acts).keep(notice(), tells_purposes=True)).number == 2
    assert (await versions(acts).keep(notice())).number == 2


@pytest.mark.policy("P-07")
def test_every_field_of_a_version_is_declared_and_no_other() -> None:
    stored = {f"{KIND}.{field}" for field in ("key", *Stored.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{KIND}.")}
