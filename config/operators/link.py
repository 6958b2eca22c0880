"""What operators of every kind have, and what those over a network do."""

from collections.abc import Iterator
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from config.findings import Finding, is_loopback
from config.operators.egress import INDISPENSABLE_FIELDS, EgressFieldName, EgressSettings
from config.operators.register import HOME, OperatorRegister
from config.operators.tls import TlsSettings
from config.problems import Severity
from config.secret import SecretRef
from config.share import Share


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """An operator of any kind. What differs by kind is a method here."""

    name: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", description="Name in routes, metrics and records; required."),
    ] = ""
    register: Annotated[OperatorRegister, Meta(description="Register of recipients.")] = OperatorRegister()
    egress: Annotated[EgressSettings, Meta(description="Egress contract.")] = EgressSettings()

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    def findings(self) -> Iterator[Finding]:
        """What does not fit together in the settings of this one operator."""
        missing = [name for name in INDISPENSABLE_FIELDS if name not in self.egress.allow]
        if missing and self.egress.allow != "default":
            message = f"no message can be delivered without {', '.join(missing)}"
            yield ("egress", "allow"), "contract_lacks_field", message, Severity.ERROR

    def said_fields(self) -> frozenset[EgressFieldName] | None:
        """Beside the indispensable ones, those that this link has words for; None where that is every one."""
        return None

    @property
    def submits(self) -> bool:
        """Whether messages can leave over it."""
        return True

    def asks_after_s(self) -> float | None:
        """A submitted message without a receipt is asked about after so long; None never."""
        return None

    def lines(self) -> tuple[str, int] | None:
        """The key that says how many connections there are, and how many; None where there are none to deal out."""
        return None

    def listens(self) -> tuple[str, int, bool] | None:
        """Host, port and whether others may listen there too, of what the operator connects to; None for nowhere."""
        return None

    def descriptors(self) -> int:
        """Open files that the link needs at the most."""
        return 0

    def of_worker(self, share: Share) -> Self:
        """One worker's part of what is agreed with the operator, on ports that all workers share."""
        return self

    def part_of(self, share: Share) -> float:
        """Which part of a node's throughput over this link is one worker's."""
        return 1.0


class NetworkLinkSettings(LinkSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator that is reached over a network."""

    password: Annotated[
        SecretRef, Meta(description="Place of the bind's password, or of the bearer token over HTTP.")
    ] = SecretRef()
    window: Annotated[
        int, Meta(ge=1, le=10_000, description="Requests unanswered at once; over SMPP, of each bind (S-20).")
    ] = 64
    throughput_per_s: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Segments per second over the whole link; unset is no limit."),
    ] = None
    response_timeout_s: Annotated[float, Meta(gt=0, description="A request unanswered so long is unknown (S-23).")] = 10
    connect_timeout_s: Annotated[float, Meta(gt=0, description="Time for TCP and TLS to come up.")] = 10
    reconnect_first_s: Annotated[float, Meta(gt=0, description="First pause before connecting again (S-25).")] = 1
    reconnect_limit_s: Annotated[float, Meta(gt=0, description="Longest pause before connecting again.")] = 60
    advert_filter_codes: Annotated[
        tuple[Annotated[str, Meta(pattern="^[0-9A-Za-z]{1,8}$")], ...],
        Meta(description="Error codes of messages that say that the subscriber has adverts filtered (consents.md)."),
    ] = ()
    tls: Annotated[TlsSettings, Meta(description="Transport security.")] = TlsSettings()

    def peer_host(self) -> str:
        """Where the operator is; empty where that is not said."""
        raise NotImplementedError

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        yield from self._register()
        if self.password.env is not None and self.password.file is not None:
            message = "names an environment variable and a file; one of them"
            yield ("password",), "secret_ambiguous", message, Severity.ERROR
        if self.reconnect_first_s > self.reconnect_limit_s:
            yield ("reconnect_first_s",), "limits_crossed", "must not exceed reconnect_limit_s", Severity.ERROR

    def _register(self) -> Iterator[Finding]:
        """Contract and country (P-17, P-38). An expired contract is for the running process to see: it has the date."""
        if not self.register.transfer_allowed:
            message = f"outside {HOME}: needs transfer_record, safeguard and risk_assessment; the link is held back"
            yield ("register", "country"), "transfer_blocked", message, Severity.BLOCKED
        host = self.peer_host()
        if self.register.country is None and host and not is_loopback(host):
            message = "says in which country the operator processes data, ISO 3166 alpha-2; none is assumed"
            yield ("register", "country"), "missing_country", message, Severity.ERROR
        if not self.register.contract_reference and host and not is_loopback(host):
            message = "no contract is named that binds the operator to confidence"
            yield ("register", "contract_reference"), "no_contract", message, Severity.WARNING

    def _throughput_of(self, share: Share) -> float | None:
        return None if self.throughput_per_s is None else self.throughput_per_s * self.part_of(share)

    def part_of(self, share: Share) -> float:
        """As the lines are divided."""
        lines = self.lines()
        return 1.0 if lines is None else share.part(lines[1]) / lines[1]
