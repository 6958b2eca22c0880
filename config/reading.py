"""Where a process has its settings from, so that it can read them again."""

import os
from pathlib import Path

import msgspec

from config.loader import load
from config.problems import ConfigError, Problem
from config.settings import Settings
from config.share import Share
from config.workers import obstacles, share_of


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read at one time. said: as it is written. own: what is this process's of it, among several workers."""

    said: Settings
    own: Settings


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """path: a file or a directory; None for the defaults. share: which worker of how many; None for one alone."""

    path: Path | None
    share: Share | None = None

    def read(self) -> Reading:
        """With the environment of this process. Raises ConfigError."""
        said = load(self.path, os.environ)
        if self.share is None:
            return Reading(said=said, own=said)
        lines = list(obstacles(said, self.share.of))
        if lines:
            raise ConfigError(
                Problem(file="", line=0, key="", message=line, code="workers_impossible") for line in lines
            )
        return Reading(said=said, own=share_of(said, self.share))
