"""What settings become."""

import pytest

from config.settings import RootSlotSettings, TransitSettings
from gateway.keystore.store import EnvRootSlot, FileRootSlot
from gateway.keystore.transit import TransitRootSlot
from gateway.node.assembly import root_slot


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
