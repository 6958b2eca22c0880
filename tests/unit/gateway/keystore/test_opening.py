"""Where the settings say that the root of the key store lies."""

import pytest

from config.settings import RootSlotSettings, TransitSettings
from gateway.keystore.opening import root_slot
from gateway.keystore.root_slot import EnvRootSlot, FileRootSlot
from gateway.keystore.transit import TransitRootSlot


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (RootSlotSettings(kind="transit", transit=TransitSettings(url="https://vault")), TransitRootSlot),
        (RootSlotSettings(kind="env", env="ROOT"), EnvRootSlot),
        (RootSlotSettings(path="root.key"), FileRootSlot),
    ],
)
def test_the_root_lies_where_the_settings_say(settings: RootSlotSettings, kind: type) -> None:
    assert isinstance(root_slot(settings), kind)
