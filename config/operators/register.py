"""The register of recipients: country, contract, and on what basis data may go there (P-17, P-38)."""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

HOME: Final = "SA"
"""Personal data stays in this country unless a transfer is on record (P-38)."""

_Path = Annotated[str, Meta(min_length=1)]


class OperatorRegister(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the law asks to know of a recipient of personal data (P-17, P-38)."""

    country: Annotated[
        Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None,
        Meta(
            description="Where the operator processes data, ISO 3166 alpha-2; required of one on another machine.",
        ),
    ] = None
    legal_basis: Annotated[
        Literal["contract"], Meta(description="Basis of the disclosure; nothing acts on another one yet.")
    ] = "contract"
    contract_reference: Annotated[str, Meta(description="Reference of the contract that binds it to confidence.")] = ""
    contract_expires: Annotated[
        date | None, Meta(description="Last day of the contract; the link does not bind after it.")
    ] = None
    transfer_record: Annotated[
        _Path | None, Meta(description="Reference of the transfer record; outside `SA` only.")
    ] = None
    safeguard: Annotated[_Path | None, Meta(description="Safeguard of the transfer; outside `SA` only.")] = None
    risk_assessment: Annotated[
        _Path | None, Meta(description="Reference of the transfer's risk assessment; outside `SA` only.")
    ] = None
    tunnel: Annotated[bool, Meta(description="The link runs in a declared encrypted tunnel instead of TLS.")] = False

    @property
    def place(self) -> str:
        """The country; home where none is said, which is for operators on this machine only."""
        return HOME if self.country is None else self.country

    @property
    def transfer_allowed(self) -> bool:
        """Personal data may go there: it is home, or the transfer is on record with safeguard and assessment (P-38)."""
        return self.place == HOME or bool(self.transfer_record and self.safeguard and self.risk_assessment)

    def held_back(self, today: date) -> str | None:
        """Why nothing may be disclosed to this operator today, as a link's state; None when it may."""
        if self.contract_expires is not None and today > self.contract_expires:
            return "blocked_contract"
        return None if self.transfer_allowed else "blocked_transfer"
