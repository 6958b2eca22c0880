"""What pages load."""

import gzip
import re

import pytest

from gateway.html.assets import PREFIX, Assets
from gateway.html.catalogue import GROUND
from gateway.html.policy import POLICY

ASSETS = Assets(GROUND)
MOST = {".css": 12_000, ".js": 4_000, ".svg": 1_000}
"""Octets before they are squeezed."""


@pytest.mark.parametrize("asset", ASSETS.by_name.values(), ids=lambda each: each.name)
def test_assets_are_small_and_squeezed_once(asset: object) -> None:
    found = ASSETS.by_name[str(getattr(asset, "name"))]  # noqa: B009
    assert gzip.decompress(found.squeezed) == found.octets
    assert len(found.octets) <= next(most for suffix, most in MOST.items() if found.name.endswith(suffix))


def test_a_name_is_made_by_the_content() -> None:
    path = ASSETS.path("style.css")
    assert re.fullmatch(rf"{PREFIX}style\.[0-9a-f]{{12}}\.css", path)
    assert path.removeprefix(PREFIX) in ASSETS.by_name


def test_there_is_no_other_asset() -> None:
    with pytest.raises(KeyError):
        ASSETS.path("../looks.py")


def test_the_style_sheet_knows_no_left_and_no_right_and_loads_nothing() -> None:
    sheet = next(each.octets.decode() for each in ASSETS.by_name.values() if each.name.endswith(".css"))
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert not re.findall(r"[-{; ](left|right)\b", sheet)
    assert not re.findall(r"url\(|@import|//", sheet)


def test_the_script_makes_no_markup_of_text() -> None:
    for each in ASSETS.by_name.values():
        if each.name.endswith(".js"):
            assert not re.findall(rb"innerHTML|insertAdjacentHTML|document\.write|eval|Function\(", each.octets)


def test_the_policy_lets_nothing_stand_in_a_page() -> None:
    assert "unsafe" not in POLICY
    assert "data:" not in POLICY
    assert "default-src 'none'" in POLICY
