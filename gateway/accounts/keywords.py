"""Keywords of a number: what a customer has of it with some more, or with some less."""

from collections.abc import Sequence

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import NumberChange, NumberSettings, keyword_key


def with_keywords(words: Sequence[str]) -> NumberChange:
    """A number that the customer does not have becomes one of these keywords alone. The change raises InvalidSetting
    for one that is its own whole.
    """

    def change(standing: NumberSettings | None) -> NumberSettings:
        if standing is None:
            return NumberSettings(keywords=tuple(words))
        if not standing.keywords:
            raise InvalidSetting("the customer has every word of this number; add the number with keywords instead")
        known = {keyword_key(each) for each in standing.keywords}
        fresh = tuple(each for each in words if keyword_key(each) not in known)
        return NumberSettings(keywords=(*standing.keywords, *fresh), esme=standing.esme)

    return change


def each_once(settings: NumberSettings) -> NumberSettings:
    """A keyword that is written in two ways, such as `SALE` and `sale`, stands there as it was written first."""
    first = {keyword_key(each): each for each in reversed(settings.keywords)}
    kept = tuple(each for each in settings.keywords if first[keyword_key(each)] is each)
    return msgspec.structs.replace(settings, keywords=tuple(dict.fromkeys(kept)))


def without_keywords(words: Sequence[str]) -> NumberChange:
    """With the last keyword the number goes, too: one without any would be every word. The change raises InvalidSetting
    for a keyword that the customer does not have.
    """

    def change(standing: NumberSettings | None) -> NumberSettings | None:
        gone = {keyword_key(each) for each in words}
        had = () if standing is None else standing.keywords
        if standing is None or not gone <= {keyword_key(each) for each in had}:
            raise InvalidSetting("the customer does not have this keyword of the number")
        left = tuple(each for each in had if keyword_key(each) not in gone)
        return NumberSettings(keywords=left, esme=standing.esme) if left else None

    return change
