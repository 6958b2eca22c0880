"""The server's functions have a version, and their text stays what it was under it."""

import re
from hashlib import sha256

from gateway.ledger.redis import library


def test_another_text_takes_another_version() -> None:
    digest = sha256(library.code().encode()).hexdigest()
    assert digest == library.DIGEST, (
        "the Lua files changed: take the next VERSION, unless this one was never released, and record"
        f" DIGEST = {digest!r}"
    )


def test_every_function_has_the_version_in_its_name() -> None:
    code = library.code()
    assert code.startswith(f"#!lua name={library.NAME}\nlocal PREFIX = '{library.PREFIX}'\n")
    names = re.findall(r"register_function\(\{? ?(?:function_name = )?PREFIX \.\. '", code)
    assert len(names) == code.count("register_function(") > 30
