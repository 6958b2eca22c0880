"""The server's functions have a version, and their text stays what it was under it."""

import re
from hashlib import sha256

from gateway.ledger.redis import library


def test_another_text_takes_another_version() -> None:
    digest = sha256(library.code().encode()).hexdigest()
    assert digest == library.DIGEST, (
        "the Lua files changed: take the next VERSION, in its prefix in the files too, unless this one was never"
        f" released, and record DIGEST = {digest!r}"
    )


def test_every_function_has_the_version_in_its_name() -> None:
    names = re.findall(r"register_function\(\{? ?(?:function_name = )?'([^']+)'", library.code())
    assert len(names) == library.code().count("register_function(")
    assert [each for each in names if not each.startswith(library.PREFIX)] == []
    assert library.code().startswith(f"#!lua name={library.NAME}\n")
