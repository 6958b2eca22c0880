"""What is given up where there are few file descriptors, and what is not."""

import pytest

from config.descriptors import LEAST, TooFew, fitted, needed
from config.settings import HttpSettings, Settings, SmppServerSettings

pytestmark = pytest.mark.case("faults-10")

SETTINGS = Settings(smpp_server=SmppServerSettings(port=2775))


def test_with_enough_of_them_everything_stays() -> None:
    assert fitted(SETTINGS, needed(SETTINGS)) is SETTINGS


@pytest.mark.parametrize("limit", [256, 512, 1_024, 2_048])
def test_with_fewer_listeners_and_webhooks_take_less_and_all_fits(limit: int) -> None:
    kept = fitted(SETTINGS, limit)
    assert needed(kept) <= limit
    assert kept.http.max_connections + kept.smpp_server.max_connections >= LEAST
    assert kept.webhooks.connections_per_endpoint <= kept.webhooks.max_connections
    assert kept.http.max_connections >= kept.smpp_server.max_connections


@pytest.mark.parametrize("limit", [0, 24, 64, 128])
def test_with_too_few_no_node_starts(limit: int) -> None:
    with pytest.raises(TooFew):
        fitted(SETTINGS, limit)


def test_limits_that_are_small_already_are_not_raised() -> None:
    settings = Settings(http=HttpSettings(max_connections=20))
    assert fitted(settings, needed(settings) - 300).http.max_connections <= 20
