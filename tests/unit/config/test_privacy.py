"""Who answers, and what would leave the country without a safeguard."""

from typing import Any

import pytest

from config.checks import check
from config.operators import OperatorRegister
from config.settings import PrivacySettings, ProviderSettings, Settings

ON_RECORD = OperatorRegister(country="DE", transfer_record="T-1", safeguard="SCC", risk_assessment="R-1")


def codes(**said: Any) -> list[tuple[str, str]]:
    return [(each.key, each.code) for each in check(Settings(privacy=PrivacySettings(**said)))]


@pytest.mark.policy("P-41")
@pytest.mark.parametrize("contact", ["privacy@example.com", "CHANGEME", "dpo@here.test"])
def test_a_contact_that_nobody_answers_is_refused(contact: str) -> None:
    assert codes(contact=contact) == [("privacy.contact", "placeholder_contact")]
    assert codes(contact="privacy@sender.sa") == []


@pytest.mark.policy("P-38")
def test_stores_and_providers_abroad_need_a_transfer_on_record() -> None:
    abroad = OperatorRegister(country="DE", safeguard="SCC")
    hosting = ProviderSettings(name="Host", service="machines", register=abroad)
    assert codes(stores=abroad) == [("privacy.stores.country", "transfer_blocked")]
    assert codes(providers=(hosting,)) == [("privacy.providers[0].register.country", "transfer_blocked")]
    assert codes(stores=ON_RECORD, providers=(ProviderSettings(name="H", service="m", register=ON_RECORD),)) == []


@pytest.mark.policy("P-38")
def test_no_country_is_assumed_of_a_provider() -> None:
    nameless = ProviderSettings(service="machines")
    assert [code for _, code in codes(providers=(nameless,))] == ["missing", "missing_country"]
