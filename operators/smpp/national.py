"""National language tables."""

from collections.abc import Mapping

LOCKING: Mapping[int, str] = {}
SINGLE_SHIFT: Mapping[int, Mapping[int, str]] = {}
