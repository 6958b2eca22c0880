"""Who is responsible for the data, where it lies, and who processes it for the gateway beside the operators."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from config.findings import Finding
from config.operators.register import HOME
from config.problems import Severity

PLACEHOLDER: Final = re.compile(
    r"(?<![\w-])(?:example|مثال)\."
    r"|[.@](?:example|test|invalid|localhost|إختبار)(?!\.?[\w@-])"
    r"|(?<![^\W\d_])(?:change[-_ ]?me|x{3,})(?![^\W_])"
    r"|(?<![^\W_])(?:(?-i:TODO|todo)|todo(?=:)|your[-_ ]?(?:company|domain|organi[sz]ation))(?![^\W_])"
    r"|^(?=.)[\W_]*(?:todo|tb[ad]|n/?a|fixme|placeholder|example|مثال|لاحق(?:ًا|اً|ا)|غير محدد|اسم الشركة)?[\W_]*$",
    re.IGNORECASE,
)
"""What contacts hold that nobody answers: reserved names of hosts, which are whole ones or their ends (RFC 2606), words
that stand for others, and a whole contact that says nothing. A person may be called Todo.
"""

_Said = Annotated[str, Meta(min_length=1)]


class PlaceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where personal data is processed, and on what it may be there."""

    country: Annotated[
        Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None, Meta(description="Where it is, ISO 3166 alpha-2.")
    ] = None
    contract_reference: Annotated[str, Meta(description="Reference of the contract with whoever runs it.")] = ""
    transfer_record: Annotated[_Said | None, Meta(description="Reference of the record of a transfer abroad.")] = None
    safeguard: Annotated[_Said | None, Meta(description="What safeguards a transfer abroad.")] = None
    risk_assessment: Annotated[_Said | None, Meta(description="Reference of the assessment of its risk.")] = None

    @property
    def transfer_allowed(self) -> bool:
        """It is home, or unknown, or the transfer is on record with safeguard and assessment (P-38)."""
        on_record = bool(self.transfer_record and self.safeguard and self.risk_assessment)
        return self.country in (None, HOME) or on_record


class ProviderSettings(PlaceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever processes personal data for the gateway, such as a data centre; operators have tables of their own."""

    name: Annotated[str, Meta(description="Name of the provider; required.")] = ""
    service: Annotated[str, Meta(description="What it does; required.")] = ""


class PrivacySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `privacy ropa` and `privacy transfers` cannot know by themselves. What is unset is said to be unknown."""

    controller: Annotated[str, Meta(description="Who is responsible: name and address.")] = ""
    contact: Annotated[str, Meta(description="Where people ask: an address that is answered.")] = ""
    officer: Annotated[str, Meta(description="Data protection officer and how to reach them; `none` for none.")] = ""
    unit: Annotated[str, Meta(description="The part of the organisation that runs the gateway.")] = ""
    assessment: Annotated[str, Meta(description="Reference of the impact assessment.")] = ""
    stores: Annotated[PlaceSettings, Meta(description="Where ledger, keys and log lie.")] = PlaceSettings()

    def findings(self) -> Iterator[Finding]:
        """A contact that nobody answers (P-41), and what would leave the country without a safeguard (P-38)."""
        for key in ("controller", "contact", "officer"):
            if PLACEHOLDER.search(getattr(self, key)):
                yield ("privacy", key), "placeholder_contact", "is a placeholder, which nobody answers", Severity.ERROR
        yield from _transfer(("privacy", "stores", "country"), self.stores)


def provider_findings(providers: Sequence[ProviderSettings]) -> Iterator[Finding]:
    """What they lack, and those abroad without a safeguard (P-38)."""
    for index, each in enumerate(providers):
        at = ("providers", index)
        if not each.name or not each.service:
            yield (*at, "name"), "missing", "a provider has a name and a service", Severity.ERROR
        if each.country is None:
            message = "says in which country the provider processes data, ISO 3166 alpha-2; none is assumed"
            yield (*at, "country"), "missing_country", message, Severity.ERROR
        yield from _transfer((*at, "country"), each)


def _transfer(at: tuple[str | int, ...], place: PlaceSettings) -> Iterator[Finding]:
    if not place.transfer_allowed:
        message = f"outside {HOME}: needs transfer_record, safeguard and risk_assessment"
        yield at, "transfer_blocked", message, Severity.ERROR
