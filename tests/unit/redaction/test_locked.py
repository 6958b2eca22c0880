"""Keys in pages of their own: one place for each, wiped when it goes."""

import gc
import os
import subprocess
import sys

import pytest

from redaction.locked import KEY_BYTES, POOL_BYTES, LockedKey
from redaction.locked_cache import LockedCache

KEY = bytes(range(KEY_BYTES))
NOBODY = 65_534


def test_a_key_is_given_as_a_copy_and_equals_one_of_the_same_octets() -> None:
    key = LockedKey(KEY)
    assert key.value == KEY
    assert key == LockedKey(KEY)
    assert key != LockedKey(KEY[::-1])
    assert "0" not in repr(key)


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        LockedKey(KEY[1:])


def test_a_key_is_wiped_when_nothing_refers_to_it_and_its_place_serves_again() -> None:
    gc.collect()  # or others' keys would give back their places meanwhile
    key = LockedKey(KEY)
    memory, at = key._memory, key._at
    assert memory[at : at + KEY_BYTES] == KEY
    del key
    assert memory[at : at + KEY_BYTES] == bytes(KEY_BYTES)
    again = LockedKey(KEY[::-1])
    assert (again._memory, again._at) == (memory, at)


def test_many_keys_keep_apart() -> None:
    values = [os.urandom(KEY_BYTES) for _ in range(2_000)]
    keys = [LockedKey(each) for each in values]
    assert [each.value for each in keys] == values


def test_a_cache_gives_what_it_has_and_forgets_one_or_all() -> None:
    cache: LockedCache[str] = LockedCache(4)
    assert cache.get("a") is None
    cache.put("a", KEY)
    cache.put("b", KEY[::-1])
    assert (cache.get("a"), cache.get("b"), len(cache)) == (KEY, KEY[::-1], 2)
    memory = cache._memory
    assert memory is not None
    cache.pop("a")
    cache.pop("nothing")
    assert (cache.get("a"), cache.get("b")) == (None, KEY[::-1])
    assert memory[:KEY_BYTES] == bytes(KEY_BYTES)
    cache.clear()
    assert memory[:] == bytes(4 * KEY_BYTES)
    assert len(cache) == 0


def test_a_full_cache_lets_go_of_everything() -> None:
    cache: LockedCache[int] = LockedCache(4)
    for each in range(5):
        cache.put(each, bytes((each,)) * KEY_BYTES)
    assert [cache.get(each) for each in range(4)] == [None] * 4
    assert cache.get(4) == b"\4" * KEY_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="what is locked is read from /proc")
@pytest.mark.parametrize("limit", [POOL_BYTES, 0])
def test_its_pages_are_locked_where_the_system_allows_that(limit: int) -> None:
    program = f"""
import os, resource
from pathlib import Path
from redaction.locked import LockedKey, is_locked
resource.setrlimit(resource.RLIMIT_MEMLOCK, ({limit}, {limit}))
if os.geteuid() == 0:
    os.setuid({NOBODY})  # whom a limit binds
key = LockedKey(bytes(32))
status = Path("/proc/self/status").read_text()
print(is_locked(), int(status.partition("VmLck:")[2].split()[0]) > 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{limit > 0} {limit > 0}\n"
