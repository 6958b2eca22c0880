"""The record of processing activities (PDPL Law 31, IR 33): the eight items of the law, and SDAIA's further columns.

One activity for each role, purpose and basis of the data inventory, so that it cannot say other than what is stored.
What nobody has said is `unknown`, and stands there. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from config.rules import RulePack
from config.settings import Settings
from gateway.transparency.record_words import (
    BASES,
    CATEGORIES,
    CLOCKS,
    COLUMNS,
    PURPOSES,
    ROLES,
    SAID,
    Lang,
    Words,
    say,
)
from gateway.transparency.transfers import UNKNOWN, Recipient
from redaction.document_inventory import DOCUMENTS
from redaction.inventory import INVENTORY, Clock, DataPurpose, Form, Role, StoredField

Activity = Mapping[str, str]
"""By the name of a column, what stands in it, in one language."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What the record is made of. pack: the messaging rules of the day. customers: how many. updated: today."""

    settings: Settings
    recipients: Sequence[Recipient]
    pack: RulePack
    customers: int
    updated: str


def activities(sources: Sources, lang: Lang) -> list[Activity]:
    """In the order of roles and purposes."""
    groups: dict[tuple[str, str, str], list[StoredField]] = {}
    for each in (*INVENTORY.values(), *DOCUMENTS.values()):
        groups.setdefault((each.role.value, each.purpose.value, each.basis.value), []).append(each)
    return [_activity(groups[key], sources, lang) for key in sorted(groups)]


def _activity(fields: Sequence[StoredField], sources: Sources, lang: Lang) -> Activity:
    first, settings, is_traffic = fields[0], sources.settings, fields[0].purpose is DataPurpose.MESSAGING
    given = sources.recipients if is_traffic else [each for each in sources.recipients if each.kind != "operator"]
    privacy = settings.privacy
    return {
        "activity": f"{say(PURPOSES, first.purpose.value, lang)} ({say(BASES, first.basis.value, lang)})",
        "description": say(SAID, f"about_{first.purpose.value}", lang),
        "controller": _known(privacy.controller, lang)
        if first.role is Role.CONTROLLER
        else say(SAID, "customer", lang),
        "contact": _known(privacy.contact, lang),
        "officer": _known(privacy.officer, lang),
        "role": say(ROLES, first.role.value, lang),
        "purpose": say(PURPOSES, first.purpose.value, lang),
        "basis": say(BASES, first.basis.value, lang),
        "subjects": say(SAID, "subjects_traffic" if is_traffic else "subjects_accounts", lang),
        "data": _join((say(CATEGORIES, each, lang) for each in _tables(fields)), lang),
        "datasets": ", ".join(_tables(fields)),
        "retention": _join(_retention(fields, settings, lang), lang),
        "recipients": _join(_recipients(given, lang), lang),
        "disclosed": _join(_disclosed(given, lang), lang) if is_traffic else say(SAID, "nothing", lang),
        "transfers": _join(_transfers(given, lang), lang) or say(SAID, "none_abroad", lang),
        "security": _security(fields, lang),
        "start": _known("", lang),
        "end": say(SAID, "goes_on", lang),
        "unit": _known(privacy.unit, lang),
        "owner": _known(privacy.unit, lang),
        "location": f"{_country(privacy.stores.country or UNKNOWN, lang)}; Connect Gateway",
        "processor": _join(_providers(sources.recipients, lang), lang) or _known("", lang),
        "consent": _consent(sources.pack, lang) if is_traffic else say(SAID, "not_on_consent", lang),
        "rights": say(SAID, "rights_traffic" if is_traffic else "rights_accounts", lang),
        "sensitive": say(SAID, "sensitive_traffic" if is_traffic else "no", lang),
        "linking": say(SAID, "no", lang),
        "incapable": _known("", lang),
        "number": _known("", lang) if is_traffic else f"{say(SAID, 'customer_accounts', lang)}: {sources.customers}",
        "scale": _scale(given, lang) if is_traffic else _known("", lang),
        "frequency": say(SAID, "continuous", lang),
        "new_technology": say(SAID, "no", lang),
        "automated": say(SAID, "automated_traffic" if is_traffic else "no", lang),
        "assessment": _known(privacy.assessment, lang),
        "updated": sources.updated,
        "updated_by": "connect-gateway privacy ropa",
    }


def _join(parts: Iterable[str], lang: Lang) -> str:
    return ("؛ " if lang == "ar" else "; ").join(parts)


def _known(said: str, lang: Lang) -> str:
    return said or say(SAID, UNKNOWN, lang)


def _country(country: str, lang: Lang) -> str:
    return say(SAID, country, lang) if country in SAID else country


def _tables(fields: Iterable[StoredField]) -> list[str]:
    return sorted({each.name.partition(".")[0] for each in fields})


def _retention(fields: Sequence[StoredField], settings: Settings, lang: Lang) -> list[str]:
    """Each clock in words; of messages, the periods of each tag as they are set."""
    clocks = {each.clock for each in fields}
    said = [say(CLOCKS, each.value, lang) for each in Clock if each in clocks]
    if clocks & {Clock.CONTENT, Clock.RECORD}:
        content, record, unit = (say(SAID, word, lang) for word in ("content", "record", "seconds"))
        said += [
            f"{each.tag}: {content} {each.content_limit_s} {unit}, {record} {each.record_s} {unit}"
            + (f" ({each.floor_citation})" if each.record_floor_s else "")
            for each in sorted(settings.retention, key=lambda rule: rule.tag)
        ]
    return said


def _recipients(found: Iterable[Recipient], lang: Lang) -> list[str]:
    return [f"{say(SAID, each.kind, lang)}: {each.name} ({_country(each.country, lang)})" for each in found]


def _disclosed(found: Iterable[Recipient], lang: Lang) -> list[str]:
    """To whom, from when to when, by which method and what for (the template's column)."""
    purpose, messages = say(PURPOSES, "messaging", lang), say(SAID, "messages", lang)
    return [
        f"{name}: {given.first} – {given.last}, {method}, {purpose}, {given.messages} {messages}"
        for name, method, given in ((each.name, each.method, each.given) for each in found)
        if given is not None
    ]


def _transfers(found: Iterable[Recipient], lang: Lang) -> list[str]:
    """Whoever is not at home, and whoever may not be."""
    return [
        f"{each.name}: {_country(each.country, lang)}, {_known(each.safeguard, lang)}"
        + (f" ({each.transfer_record})" if each.transfer_record else "")
        for each in found
        if each.kind != "customer" and (each.safeguard or not each.is_sound)
    ]


def _providers(found: Iterable[Recipient], lang: Lang) -> list[str]:
    return [f"{each.name}: {_known(each.contract, lang)}" for each in found if each.kind == "provider"]


def _security(fields: Sequence[StoredField], lang: Lang) -> str:
    forms = {each.form for each in fields}
    said = [say(SAID, f"form_{each.value}", lang) for each in Form if each in forms and each is not Form.PLAIN]
    return _join([*said, say(SAID, "security", lang)], lang)


def _consent(pack: RulePack, lang: Lang) -> str:
    """Which classes need it by the rules of today."""
    needing = ", ".join(sorted(each.name for each in pack.classes if each.needs_consent))
    return f"{say(SAID, 'consent', lang)}: {needing} ({pack.id})"


def _scale(found: Iterable[Recipient], lang: Lang) -> str:
    counted = [each.given.messages for each in found if each.given is not None]
    return f"{sum(counted)} {say(SAID, 'messages', lang)}" if counted else _known("", lang)


def columns(lang: Lang) -> Words:
    """The head of each column."""
    return {name: pair[lang == "ar"] for name, pair in COLUMNS.items()}
