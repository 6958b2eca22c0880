"""What one pack asks of one customer's messages of one class, worked out once: which groups hold, and how strictly.

Made again when the customer, the packs or the settings change, so that a message costs look-ups and comparisons.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from config.rules import ClassRule, Lint, RulePack, Season, Sure
from gateway.accounts.settings import CustomerSettings
from gateway.model.verdict import OUT_OF_HOURS, Severity, Verdict
from gateway.rules.hours import RamadanHours, interval
from gateway.rules.links import hosts_in, is_under
from gateway.rules.modes import Mode, mode_of
from gateway.rules.sender_entry import SenderEntry
from gateway.rules.senders import findings
from gateway.rules.texts import Lints

_SEVERITY: Final = {"refuse": Severity.REFUSE, "warn": Severity.WARN}
_KNOWN_LIMIT: Final = 10_000


class Terms:
    """What the settings say of all customers.

    enforced_from: what is less sure is only watched. usual: the mode of a customer without a kind. seasons: announced.
    """

    def __init__(
        self,
        *,
        enforced_from: Sure = "C",
        usual: Mode = Mode.WATCH,
        ramadan: RamadanHours = "pack",
        seasons: Sequence[Season] = (),
    ) -> None:
        self.enforced_from: Final[Sure] = enforced_from
        self.usual: Final = usual
        self.ramadan: Final[RamadanHours] = ramadan
        self.seasons: Final = tuple(seasons)


class Plan:
    """has_hours: whether times are judged at all, and so again when a message's turn comes. reads_texts: whether any of
    it looks at texts. is_silent: nothing is asked at the door.
    """

    def __init__(
        self,
        pack: RulePack,
        rule: ClassRule,
        customer: CustomerSettings,
        terms: Terms,
        seasons: Sequence[Season],
        lints: Lints,
    ) -> None:
        self._pack = pack
        self._rule = rule
        self._customer = customer
        self._terms = terms
        self._seasons = seasons
        self._lints = lints
        self._endings = frozenset(pack.words.endings)
        self._shorteners = frozenset(pack.words.shorteners)
        self._cite = rule.cite or ", ".join(pack.cite)
        self._by_sender: dict[str, tuple[Verdict, ...]] = {}
        self._hours: tuple[bool, int, int] = (True, 0, 0)
        self._class = self._of_class()
        self.registration: Final = self._mode("register")
        self._unlisted = (self.verdict("sender_not_in_register", "warn", "register", self.registration, "from"),)
        self._unregistered = (self.verdict("sender_not_registered", "refuse", "register", self.registration, "from"),)
        self.transfer: Final = Mode(customer.rules.get("transfer", Mode.ENFORCE))  # who sets a residency means it
        self._links = self._mode("links") if rule.links != "any" else Mode.OFF
        self._opt_out = self._mode("opt_out") if rule.opt_out.needed and rule.opt_out.lint != "off" else Mode.OFF
        self._reason = self._mode("otp", pack.words.sure) if rule.reason != "off" else Mode.OFF
        self._timed = self._mode("hours", rule.window.sure) if rule.window is not None else Mode.OFF
        self._sender = self._mode("sender", pack.sender.sure)
        self.has_hours: Final = self._timed is not Mode.OFF

        self.reads_texts: Final = not self._links is self._opt_out is self._reason is Mode.OFF
        asked = (self.registration, self._timed, self._sender)
        self.is_silent: Final = not (self._class or self.reads_texts) and all(each is Mode.OFF for each in asked)

    def _mode(self, group: str, sure: Sure | None = None) -> Mode:
        settings, terms = self._customer, self._terms
        certain = sure or self._rule.sure or self._pack.sure
        return mode_of(
            group,
            settings.rules,
            settings.kind,
            sure=certain,
            enforced_from=terms.enforced_from,
            usual=terms.usual,
        )

    def verdict(self, code: str, lint: Lint, group: str, mode: Mode, field: str | None = None) -> Verdict:
        return Verdict(
            code=code,
            severity=_SEVERITY[lint],
            rule=group,
            cite=self._cite,
            field=field,
            watched=mode is Mode.WATCH,
        )

    # ---------------------------------------------------------------------------------------------- class and sender

    def _of_class(self) -> tuple[Verdict, ...]:
        kind, mode = self._customer.kind, self._mode("class")
        if not kind or kind in self._rule.senders or mode is Mode.OFF:
            return ()
        code = "foreign_customer" if kind == "abroad" else "class_not_for_sender"
        return (self.verdict(code, "refuse", "class", mode, "class"),)

    def of_sender(self, sender: str) -> tuple[Verdict, ...]:
        """Of the class and the name, which do not change."""
        known = self._by_sender.get(sender)
        if known is not None:
            return known
        named: tuple[Verdict, ...] = ()
        if self._sender is not Mode.OFF:
            found = findings(self._pack.sender, self._rule, sender)
            named = tuple(self.verdict(code, lint, "sender", self._sender, "from") for code, lint in found)
        if len(self._by_sender) >= _KNOWN_LIMIT:
            self._by_sender.clear()
        self._by_sender[sender] = found_all = (*self._class, *named)
        return found_all

    def of_registration(self, entry: SenderEntry | None) -> Sequence[Verdict]:
        """entry: None for a sender that stands in the customer's settings alone: it counts as registered everywhere."""
        if self.registration is Mode.OFF:
            return ()
        if entry is None:
            return self._unlisted
        if entry.classes and self._rule.name not in entry.classes:
            return self._unregistered
        return ()

    # --------------------------------------------------------------------------------------------------------- hours

    def of_hours(self, at_ms: int) -> Sequence[Verdict]:
        """at_ms: when it is to be submitted."""
        if self._timed is Mode.OFF:
            return ()
        is_open, since_ms, until_ms = self._hours
        if not since_ms <= at_ms < until_ms:
            self._hours = is_open, since_ms, until_ms = interval(self._rule, at_ms, self._seasons, self._terms.ramadan)
        if is_open:
            return ()
        return (
            Verdict(
                code=OUT_OF_HOURS,
                severity=Severity.HOLD,
                rule="hours",
                cite=self._cite,
                until_ms=until_ms,
                watched=self._timed is Mode.WATCH,
            ),
        )

    # --------------------------------------------------------------------------------------------------------- texts

    def of_text(self, text: str, entry: SenderEntry | None) -> Sequence[Verdict]:
        found: list[Verdict] = []
        if self._links is not Mode.OFF:
            hosts = hosts_in(text, self._endings)
            if hosts:
                found += self._of_links(hosts, entry)
        if self._opt_out is not Mode.OFF and not self._lints.says_how_to_opt_out(text, self._rule.opt_out):
            found.append(self.verdict("opt_out_missing", self._rule.opt_out.lint, "opt_out", self._opt_out, "text"))
        if self._reason is not Mode.OFF and not self._lints.says_what_for(text):
            found.append(self.verdict("otp_reason_missing", self._rule.reason, "otp", self._reason, "text"))
        return found

    def _of_links(self, hosts: Sequence[str], entry: SenderEntry | None) -> Sequence[Verdict]:
        found: list[Verdict] = []
        registered = () if entry is None else entry.hosts
        strange = [host for host in hosts if self._rule.links == "none" or not is_under(host, registered)]
        if any(is_under(host, self._shorteners) for host in strange):
            found.append(self.verdict("shortener", "refuse", "links", self._links, "text"))
        if any(not is_under(host, self._shorteners) for host in strange):
            lint: Lint = "warn" if entry is None and self._rule.links == "registered" else "refuse"
            found.append(self.verdict("link_not_registered", lint, "links", self._links, "text"))
        return found


def active_at(entry: SenderEntry, operator: str, day: date) -> bool:
    """Whether a sender may be used at an operator on this day."""
    standing = entry.at(operator)
    return standing is not None and standing.is_active(day)
