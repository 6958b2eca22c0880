"""The one error of values that may not be set."""


class InvalidSetting(ValueError):
    """The text says what may be set, in fixed words, and never quotes what was given."""
