import pytest

from gateway.people.addresses import truncated, whole


@pytest.mark.policy("P-04")
@pytest.mark.parametrize(
    ("address", "spelled", "network"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::9", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48"),
        ("nonsense", "", ""),
        ("", "", ""),
    ],
)
def test_an_address_is_spelled_in_one_way_and_cut_to_its_network(address: str, spelled: str, network: str) -> None:
    assert whole(address) == spelled
    assert truncated(address) == network
    assert truncated(network) == network
