"""The pictures of docs/pictures are those that the script draws, small, and each shown in a document."""

from pathlib import Path

import pytest

from tests.browser import needs_browser
from tests.pictures import FOLDER, LARGEST, PICTURES, draw

DOCUMENT = FOLDER.parent / "console.md"


def test_there_are_the_pictures_of_the_table_and_each_is_small_and_shown() -> None:
    there = {each.stem: each.stat().st_size for each in FOLDER.glob("*")}
    assert there.keys() == {each.name for each in PICTURES}
    assert max(there.values()) <= LARGEST
    document = DOCUMENT.read_text("utf-8")
    assert [each for each in there if f"(pictures/{each}.png)" not in document] == []


@needs_browser
@pytest.mark.slow
async def test_the_script_draws_them_all(tmp_path: Path) -> None:
    """The quick one above looks at those that lie there."""
    sizes = await draw(tmp_path)
    assert sizes.keys() == {each.name for each in PICTURES}
    assert 5_000 < min(sizes.values()) < max(sizes.values()) <= LARGEST
