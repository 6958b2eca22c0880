"""The pages for everybody: privacy notice, rights, status, whom to tell of weaknesses."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from config.findings import Finding
from config.privacy import PLACEHOLDER, PrivacySettings
from config.problems import Severity


class PagesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages for everybody, on the listener of the HTTP API: `/privacy`, `/rights`, `/status`."""

    enabled: Annotated[
        bool,
        Meta(
            description="Serve them, and keep versions of the privacy notice; needs `privacy.controller` and"
            " `privacy.contact`."
        ),
    ] = False
    count_views: Annotated[
        bool, Meta(description="Count views of pages, by page and language, of those who agree to it; no ids.")
    ] = False
    security_contact: Annotated[
        Annotated[str, Meta(pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[0-9-]+)$", max_length=256)] | None,
        Meta(
            description="Whom to tell of weaknesses: `mailto:`, `https://` or `tel:`; unset, there is no"
            " `/.well-known/security.txt`."
        ),
    ] = None
    security_policy: Annotated[
        Annotated[str, Meta(pattern=r"^https://\S+$", max_length=256)] | None,
        Meta(description="Where it is written how reports of weaknesses are treated."),
    ] = None

    def findings(self, privacy: PrivacySettings) -> Iterator[Finding]:
        """Pages that do not say who is responsible (P-02, P-41)."""
        for key in ("controller", "contact"):
            if self.enabled and not getattr(privacy, key):
                message = "pages.enabled needs it: people are to know who is responsible and whom to ask"
                yield ("privacy", key), "missing", message, Severity.ERROR
        if PLACEHOLDER.search(self.security_contact or ""):
            message = "is a placeholder, which nobody answers"
            yield ("pages", "security_contact"), "placeholder_contact", message, Severity.ERROR
