"""Who answers, and what would leave the country without a safeguard."""

from typing import Any

import pytest

from config.checks import check
from config.settings import PagesSettings, PlaceSettings, PrivacySettings, ProviderSettings, Settings

ON_RECORD = {"country": "DE", "transfer_record": "T-1", "safeguard": "SCC", "risk_assessment": "R-1"}
HOST = {"name": "Host", "service": "machines"}


def codes(*providers: ProviderSettings, **said: Any) -> list[tuple[str, str]]:
    return [(each.key, each.code) for each in check(Settings(privacy=PrivacySettings(**said), providers=providers))]


@pytest.mark.policy("P-41")
@pytest.mark.parametrize(
    "contact",
    [
        "privacy@example.com",
        "CHANGEME",
        "change_me",
        "dpo@here.test",
        "dpo@localhost",
        "dpo@here.إختبار",
        "dpo@مثال.السعودية",
        "TODO: who?",
        "Todo: who?",
        "Todo",
        "+966 11 XXXX",
        "05XXXXXXXX",
        "Your Company, Riyadh",
        "tbd",
        "غير محدد",
        "...",
        " ",
    ],
)
def test_a_contact_that_nobody_answers_is_refused(contact: str) -> None:
    assert codes(contact=contact) == [("privacy.contact", "placeholder_contact")]


@pytest.mark.policy("P-41")
@pytest.mark.parametrize(
    "contact",
    [
        "",
        "privacy@sender.sa",
        "Todorov & Sons",
        "Kenji Todo, dpo@sender.sa",
        "a@counterexample.sa",
        "a@www.testing.sa",
        "dpo.test@sender.sa",
        "lab@blood.test.sa",
        "dpo@xxxl.sa",
        "شركة المثال، الرياض",
    ],
)
def test_names_that_hold_such_a_word_are_contacts(contact: str) -> None:
    assert codes(contact=contact) == []


@pytest.mark.policy("P-38")
def test_stores_and_providers_abroad_need_a_transfer_on_record() -> None:
    abroad = {"country": "DE", "safeguard": "SCC"}
    assert codes(stores=PlaceSettings(**abroad)) == [("privacy.stores.country", "transfer_blocked")]
    assert codes(ProviderSettings(**HOST, **abroad)) == [("providers[0].country", "transfer_blocked")]
    assert codes(ProviderSettings(**HOST, **ON_RECORD), stores=PlaceSettings(**ON_RECORD)) == []


@pytest.mark.policy("P-38")
def test_no_country_is_assumed_of_a_provider() -> None:
    assert [code for _, code in codes(ProviderSettings(service="machines"))] == ["missing", "missing_country"]


@pytest.mark.policy("P-02")
@pytest.mark.policy("P-41")
def test_pages_need_somebody_who_is_responsible_and_answers() -> None:
    served = Settings(pages=PagesSettings(enabled=True))
    assert [(each.key, each.code) for each in check(served)] == [
        ("privacy.controller", "missing"),
        ("privacy.contact", "missing"),
    ]
    reporting = Settings(pages=PagesSettings(security_contact="mailto:security@example.com"))
    assert [(each.key, each.code) for each in check(reporting)] == [("pages.security_contact", "placeholder_contact")]
