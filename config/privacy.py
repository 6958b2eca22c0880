"""Who is responsible for the data, where it lies, and who processes it for the gateway beside the operators."""

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from config.findings import Finding
from config.operators.register import HOME, OperatorRegister
from config.problems import Severity

PLACEHOLDERS: Final = ("example.", ".example", ".test", ".invalid", "changeme", "todo", "xxx")
"""What contacts hold that nobody answers."""


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider that processes personal data for the gateway, such as a data centre; operators have tables of their
    own.
    """

    name: Annotated[str, Meta(description="Its name; required.")] = ""
    service: Annotated[str, Meta(description="What it does; required.")] = ""
    register: Annotated[OperatorRegister, Meta(description="Country, contract and transfer.")] = OperatorRegister()


class PrivacySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `privacy ropa` and `privacy transfers` cannot know by themselves. What is unset is said to be unknown."""

    controller: Annotated[str, Meta(description="Who is responsible: name and address.")] = ""
    contact: Annotated[str, Meta(description="Where people ask: an address that is answered.")] = ""
    officer: Annotated[str, Meta(description="Data protection officer and how to reach them; `none` for none.")] = ""
    unit: Annotated[str, Meta(description="The part of the organisation that runs the gateway.")] = ""
    assessment: Annotated[str, Meta(description="Reference of the impact assessment.")] = ""
    stores: Annotated[OperatorRegister, Meta(description="Where ledger, keys and log lie, and who runs that.")] = (
        OperatorRegister()
    )
    providers: Annotated[tuple[ProviderSettings, ...], Meta(description="Whoever else processes data.")] = ()

    def findings(self) -> Iterator[Finding]:
        """A contact that nobody answers (P-41), and what would leave the country without a safeguard (P-38)."""
        for key in ("controller", "contact", "officer"):
            if any(each in getattr(self, key).lower() for each in PLACEHOLDERS):
                yield ("privacy", key), "placeholder_contact", "is a placeholder, which nobody answers", Severity.ERROR
        yield from _transfer(("privacy", "stores", "country"), self.stores)
        for index, each in enumerate(self.providers):
            at = ("privacy", "providers", index)
            if not each.name or not each.service:
                yield (*at, "name"), "missing", "a provider has a name and a service", Severity.ERROR
            if each.register.country is None:
                message = "says in which country the provider processes data, ISO 3166 alpha-2; none is assumed"
                yield (*at, "register", "country"), "missing_country", message, Severity.ERROR
            yield from _transfer((*at, "register", "country"), each.register)


def _transfer(at: tuple[str | int, ...], register: OperatorRegister) -> Iterator[Finding]:
    if not register.transfer_allowed:
        message = f"outside {HOME}: needs transfer_record, safeguard and risk_assessment"
        yield at, "transfer_blocked", message, Severity.ERROR
