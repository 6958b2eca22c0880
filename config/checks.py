"""Do the settings fit together? Rules between keys, each with a stable code. Pure; reads no clock.

A check runs only when the sections that it reads are sound, so that one mistake is reported once.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from config.findings import PLAIN_LISTENER, Finding, is_loopback, is_network, split_url
from config.operators import RouteSettings, minutes
from config.privacy import provider_findings
from config.problems import Origins, Problem, Severity, suggestion
from config.redis_address import Address, AddressError, parse_address
from config.retention import DEFAULT_RETENTION
from config.rules import season
from config.settings import AdminSettings, HttpSettings, MetricsSettings, Settings, SmppServerSettings

_ERROR: Final = Severity.ERROR
REDIS_PORT: Final = 6379
SOON_DAYS: Final = 30


def check(settings: Settings, origins: Origins | None = None, skip: Iterable[str] = ()) -> list[Problem]:
    """Every rule between keys that is broken. `skip`: top-level sections that are not sound."""
    places = origins or Origins()
    unsound = frozenset(skip)
    findings = [finding for sections, rule in _RULES if unsound.isdisjoint(sections) for finding in rule(settings)]
    return [places.problem(path, code, message, severity) for path, code, message, severity in findings]


def _listeners(settings: Settings) -> Iterator[Finding]:
    """P-24: no plain listener on a public address."""
    http = settings.http
    if http.tls_certificate is None and _is_open(http):
        yield (
            ("http", "host"),
            "plain_public_listener",
            PLAIN_LISTENER + ", or set tls_certificate and tls_key",
            _ERROR,
        )
    if settings.metrics.enabled and _is_open(settings.metrics):
        yield ("metrics", "host"), "plain_public_listener", PLAIN_LISTENER, _ERROR
    if settings.admin.port is not None and settings.admin.tls_certificate is None and _is_open(settings.admin):
        yield ("admin", "host"), "plain_public_listener", PLAIN_LISTENER, _ERROR
    yield from _tls_pair("http", http)
    yield from _tls_pair("admin", settings.admin)


def _is_open(listener: HttpSettings | MetricsSettings | AdminSettings) -> bool:
    return not is_loopback(listener.host) and not listener.tls_terminated_upstream


def _smpp_listener(settings: Settings) -> Iterator[Finding]:
    """P-24: customers bind over TLS, or through a tunnel that is declared."""
    smpp = settings.smpp_server
    if smpp.port is not None and smpp.tls_certificate is None and not (is_loopback(smpp.host) or smpp.tunnel):
        message = (
            "plain SMPP is for loopback only; set tls_certificate and tls_key, or tunnel if binds come through one"
        )
        yield ("smpp_server", "host"), "plain_public_listener", message, _ERROR
    yield from _tls_pair("smpp_server", smpp)
    taken = [name for name in ("http", "metrics") if getattr(settings, name).port == smpp.port]
    if smpp.port and taken:
        yield ("smpp_server", "port"), "port_taken", f"{taken[0]}.port is the same", _ERROR


def _tls_pair(section: str, listener: HttpSettings | SmppServerSettings | AdminSettings) -> Iterator[Finding]:
    if (listener.tls_certificate is None) != (listener.tls_key is None):
        key = "tls_key" if listener.tls_certificate is None else "tls_certificate"
        yield (section, key), "tls_incomplete", "tls_certificate and tls_key go together", _ERROR


def _opendsr(settings: Settings) -> Iterator[Finding]:
    """What its controllers are answered is signed."""
    if settings.http.facades.opendsr:
        for name in ("domain", "certificate", "key"):
            if getattr(settings.http.opendsr, name) is None:
                message = "answers of OpenDSR are signed: domain, certificate and key are needed"
                yield ("http", "opendsr", name), "opendsr_unsigned", message, _ERROR


def _ports(settings: Settings) -> Iterator[Finding]:
    http, metrics = settings.http, settings.metrics
    if metrics.enabled and http.port == metrics.port != 0:
        yield ("metrics", "port"), "port_taken", "http.port is the same", _ERROR
    taken = [name for name in ("http", "metrics") if getattr(settings, name).port == settings.admin.port]
    if settings.admin.port and taken:
        yield ("admin", "port"), "port_taken", f"{taken[0]}.port is the same", _ERROR


def _proxies(settings: Settings) -> Iterator[Finding]:
    for section in ("http", "smpp_server"):
        for index, network in enumerate(getattr(settings, section).trusted_proxies):
            if not is_network(network):
                message = "expected an address or a network such as 10.0.0.0/8"
                yield (section, "trusted_proxies", index), "not_a_network", message, _ERROR


def _order(section: str, smaller: str, larger: str, settings: Settings) -> Iterator[Finding]:
    """Two limits of a section, the first of which may not exceed the second."""
    limits = getattr(settings, section)
    if getattr(limits, smaller) > getattr(limits, larger):
        yield (section, smaller), "limits_crossed", f"must not exceed {section}.{larger}", _ERROR


def _key_places(settings: Settings) -> Iterator[Finding]:
    """Keys lie apart from data, and the root apart from both, or one backup has everything."""
    data, keys = _directory(settings.ledger.path), _directory(settings.keystore.path)
    if keys.is_relative_to(data) and settings.keystore.engine == "file":
        yield ("keystore", "path"), "keys_beside_data", "must lie outside the ledger's directory", _ERROR
    yield from _key_server(settings)
    root = settings.keystore.root
    if root.kind == "env" and not root.env:
        yield ("keystore", "root", "env"), "missing", 'kind "env" needs the name of a variable', _ERROR
    yield from _vault(settings)
    if root.kind != "env" and any(_directory(root.path).is_relative_to(each) for each in (data, keys)):
        message = "must lie outside the directories of the ledger and of the key store"
        yield ("keystore", "root", "path"), "root_beside_keys", message, _ERROR


def _audit(settings: Settings) -> Iterator[Finding]:
    """The log lies apart from the keys that sign it."""
    folder, keystore = settings.audit.dir, settings.keystore
    if folder is None:
        if settings.ledger.engine == "redis":
            message = "by these settings no node writes the audit log: its entries pile up in the ledger, unless those"
            yield ("audit", "dir"), "audit_elsewhere", f"{message} of another node name its folder", Severity.WARNING
        return
    keys = [_directory(keystore.path)] if keystore.engine == "file" else []
    keys += [_directory(keystore.root.path)] if keystore.root.kind != "env" else []
    if any(_directory(f"{folder}/log").is_relative_to(each) for each in keys):
        yield ("audit", "dir"), "audit_beside_keys", "must lie outside the directories of keys and root", _ERROR


def _key_server(settings: Settings) -> Iterator[Finding]:
    """Where the keys are, and how the way there is protected (P-24)."""
    server = settings.keystore.redis
    if settings.keystore.engine != "redis":
        if settings.ledger.engine == "redis":
            message = "nodes that share a ledger share their keys: a file is for one machine, and does not know when a"
            yield ("keystore", "engine"), "keys_not_shared", f"{message} destruction is certain", Severity.WARNING
        return
    at, address = ("keystore", "redis"), split_url(server.url)
    if address.scheme not in ("redis", "rediss") or not address.hostname:
        yield (*at, "url"), "missing", 'engine "redis" needs the address of the server, rediss://host:port', _ERROR
    elif address.username is not None or address.password is not None:
        yield (*at, "url"), "invalid_url", "no credentials here: use user and password", _ERROR
    elif address.scheme == "redis" and not (is_loopback(address.hostname) or server.tunnel):
        message = "redis:// is for this machine only; use rediss://, or tunnel if the way there is private"
        yield (*at, "url"), "plain_key_server", message, _ERROR
    elif (address.hostname, address.port or REDIS_PORT) in _ledger_hosts(settings):
        yield (*at, "url"), "keys_beside_data", "must be another server than the ledger's", _ERROR
    if (server.tls_certificate is None) != (server.tls_key is None):
        yield at, "tls_incomplete", "tls_certificate and tls_key go together", _ERROR


def _tracing(settings: Settings) -> Iterator[Finding]:
    """P-24: what is known of messages leaves over TLS."""
    tracing = settings.tracing
    if tracing.endpoint is None:
        return
    address = split_url(tracing.endpoint)
    if address is None or not address.hostname:
        yield ("tracing", "endpoint"), "invalid_address", "no URL of a collector", _ERROR
    elif address.scheme == "http" and not (is_loopback(address.hostname) or tracing.tunnel):
        message = "traces leave this machine over https only; set tunnel if the way is private"
        yield ("tracing", "endpoint"), "plain_tracing", message, _ERROR


def _portability(settings: Settings) -> Iterator[Finding]:
    """P-24: numbers leave over TLS; and who names networks has somebody to ask."""
    portability = settings.portability
    if portability.url is None:
        if any(route.networks for route in settings.routes):
            message = "a route names networks, and nobody is asked at which one a number is: it is passed over"
            yield ("portability", "url"), "no_portability", message, Severity.WARNING
        return
    address = split_url(portability.url)
    if address is None or not address.hostname:
        yield ("portability", "url"), "invalid_address", "no URL of a service", _ERROR
    elif address.scheme == "http" and not (is_loopback(address.hostname) or portability.tunnel):
        message = "numbers leave this machine over https only; set tunnel if the way is private"
        yield ("portability", "url"), "plain_portability", message, _ERROR


def _ledger_hosts(settings: Settings) -> tuple[tuple[str, int], ...]:
    try:
        return parse_address(settings.ledger.redis.url).hosts if settings.ledger.engine == "redis" else ()
    except AddressError:
        return ()


def _vault(settings: Settings) -> Iterator[Finding]:
    """A transit slot says where the vault is and how to speak to it; never in clear over a network."""
    root = settings.keystore.root
    if root.kind != "transit":
        return
    address = split_url(root.transit.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        message = 'kind "transit" needs the address of the vault, https://host:port'
        yield ("keystore", "root", "transit", "url"), "missing", message, _ERROR
    elif address.scheme == "http" and not is_loopback(address.hostname):
        message = "http is for a vault on this machine only"
        yield ("keystore", "root", "transit", "url"), "plain_root_slot", message, _ERROR
    if not root.transit.token:
        yield ("keystore", "root", "transit", "token"), "missing", 'kind "transit" needs a token', _ERROR


def _shared_ledger(settings: Settings) -> Iterator[Finding]:
    """A shared ledger says where it is, keeps its secrets elsewhere, and is not reached in clear over a network."""
    redis = settings.ledger.redis
    if settings.ledger.engine != "redis":
        return
    place = ("ledger", "redis")
    try:
        address = parse_address(redis.url)
    except AddressError as error:
        yield (*place, "url"), "invalid_url", f"the address {error}", _ERROR
        return
    if not address.tls and not redis.tunnel and not _is_near(address):
        message = "a server on another machine needs rediss, or tunnel if the way is protected otherwise"
        yield (*place, "url"), "plain_ledger", message, _ERROR
    if redis.replicas and address.kind == "cluster":
        message = "a cluster's nodes are not asked for their replicas; 0 there"
        yield (*place, "replicas"), "not_on_a_cluster", message, _ERROR
    if redis.user and not redis.password:
        yield (*place, "password"), "missing", "a user needs a password", _ERROR


def _is_near(address: Address) -> bool:
    return all(is_loopback(host) for host, _ in address.hosts)


def _directory(path: str) -> Path:
    return Path(os.path.realpath(path)).parent


def _long_limits(settings: Settings) -> Iterator[Finding]:
    """P-21: what is kept longer than the defaults wants a reason; a new tag is held to the longest of them."""
    usual = {rule.tag: rule.content_limit_s for rule in DEFAULT_RETENTION}
    record_s = max(rule.record_s for rule in DEFAULT_RETENTION)
    for index, rule in enumerate(settings.retention):
        content_s = usual.get(rule.tag, max(usual.values()))
        if rule.content_limit_s > content_s:
            message = f"content is kept longer than the {content_s} s that are usual for it"
            yield ("retention", index, "content_limit_s"), "long_limit", message, Severity.WARNING
        if rule.record_s > max(record_s, rule.record_floor_s):
            message = f"records are kept longer than {record_s} s, and no law is named that asks for it"
            yield ("retention", index, "record_s"), "long_limit", message, Severity.WARNING


def check_dates(settings: Settings, today: date, origins: Origins | None = None) -> list[Problem]:
    """P-17: contracts that have ended or soon will, for whoever has a calendar. A running link looks itself."""
    places = origins or Origins()
    problems: list[Problem] = []
    for index, operator in enumerate(settings.operators):
        expires = operator.register.contract_expires
        if expires is None or (expires - today).days >= SOON_DAYS:
            continue
        path = ("operators", index, "register", "contract_expires")
        if expires < today:
            message = "the contract has ended, so the link does not bind"
            problems.append(places.problem(path, "contract_expired", message, Severity.BLOCKED))
        else:
            message = f"the contract ends within {SOON_DAYS} days; the link does not bind after it"
            problems.append(places.problem(path, "contract_expires_soon", message, Severity.WARNING))
    return problems


def _retention(settings: Settings) -> Iterator[Finding]:
    """Rules are sound by themselves, and content lives long enough to be sent."""
    seen = set[str]()
    for index, rule in enumerate(settings.retention):
        if rule.tag in seen:
            yield ("retention", index, "tag"), "duplicate", "an earlier rule has this tag", _ERROR
        seen.add(rule.tag)
        if rule.content_limit_s > rule.record_s:
            message = "content cannot outlive its record: must not exceed record_s"
            yield ("retention", index, "content_limit_s"), "limits_crossed", message, _ERROR
        if rule.record_floor_s > rule.record_s:
            message = "the law wants it longer than record_s keeps it"
            yield ("retention", index, "record_floor_s"), "limits_crossed", message, _ERROR
        if rule.record_floor_s and not rule.floor_citation:
            yield ("retention", index, "floor_citation"), "missing", "a legal floor names its law", _ERROR
        validity = "otp_validity_s" if rule.tag == "otp" else "default_validity_s"
        if rule.content_limit_s < getattr(settings.messages, validity):
            message = f"tag {rule.tag}: shorter than messages.{validity}, content may be destroyed before it is sent"
            yield ("retention", index, "content_limit_s"), "content_outlived", message, Severity.WARNING


def _privacy(settings: Settings) -> Iterator[Finding]:
    """P-38, P-41: who answers, and where data lies."""
    yield from settings.privacy.findings()
    yield from provider_findings(settings.providers)
    yield from settings.pages.findings(settings.privacy)


def _rules(settings: Settings) -> Iterator[Finding]:
    """A Ramadan has its days. Packs are read where they are needed."""
    for index, written in enumerate(settings.rules.ramadan):
        try:
            season(written)
        except ValueError:
            message = "a Ramadan of 29 or 30 days is 1448=2027-02-09/2027-03-09"
            yield ("rules", "ramadan", index), "invalid", message, _ERROR


def _names(settings: Settings) -> Iterator[Finding]:
    """Every operator has a name of its own."""
    seen = set[str]()
    for index, operator in enumerate(settings.operators):
        if not operator.name:
            yield ("operators", index, "name"), "missing", "an operator needs a name", _ERROR
        elif operator.name in seen:
            yield ("operators", index, "name"), "duplicate", "an earlier operator has this name", _ERROR
        seen.add(operator.name)


def _links(settings: Settings) -> Iterator[Finding]:
    for index, operator in enumerate(settings.operators):
        for key, code, message, severity in operator.findings():
            yield ("operators", index, *key), code, message, severity


def _routes(settings: Settings) -> Iterator[Finding]:
    """Routes lead to operators that exist, and no two say the same."""
    names = [operator.name for operator in settings.operators]
    for index, route in enumerate(settings.routes):
        if not route.operators:
            yield ("routes", index, "operators"), "missing", "a route needs operators", _ERROR
        for position, hours in enumerate(route.hours):
            if minutes(hours) is None:
                yield ("routes", index, "hours", position), "invalid", "a part of the day is 08:00-20:00", _ERROR
        for key in ("weights", "prices"):
            if getattr(route, key) and len(getattr(route, key)) != len(route.operators):
                yield ("routes", index, key), "wrong_number", "one for each operator of the route", _ERROR
        for position, name in enumerate(route.operators):
            path = ("routes", index, "operators", position)
            if name not in names:
                yield path, "unknown_operator", "no operator has this name" + suggestion(name, names), _ERROR
            elif name in route.operators[:position]:
                yield path, "duplicate", "named earlier in this route", _ERROR
            elif not settings.operators[names.index(name)].submits:
                yield path, "receives_only", "this operator's link only receives", _ERROR
            elif route.residency and settings.operators[names.index(name)].register.country not in route.residency:
                yield path, "residency", "this operator's country is not among those of the route", _ERROR
        if route.order == "cheapest" and not route.prices:
            yield ("routes", index, "prices"), "missing", "the cheapest is found by the price of each", _ERROR
        if any(_hides(earlier, route) for earlier in settings.routes[:index]):
            yield ("routes", index), "duplicate", "an earlier route has the same prefix and class", _ERROR
    if names and not settings.routes:
        yield ("routes",), "no_routes", "no route leads to the operators: messages are held", Severity.WARNING


def _hides(one: RouteSettings, other: RouteSettings) -> bool:
    """Whether a message that both are for never comes to the other one."""
    if one.prefix != other.prefix or one.limit_per_s is not None:
        return False
    if any(getattr(one, key) != getattr(other, key) for key in ("customers", "senders", "hours", "networks")):
        return False
    return bool(set(one.classes) & set(other.classes)) or not (one.classes or other.classes)


_RULES: Final[tuple[tuple[tuple[str, ...], Callable[[Settings], Iterator[Finding]]], ...]] = (
    (("http", "metrics", "admin"), _listeners),
    (("http", "metrics", "admin"), _ports),
    (("smpp_server", "http", "metrics"), _smpp_listener),
    (("http",), _opendsr),
    (("http", "smpp_server"), _proxies),
    (("http",), partial(_order, "http", "max_body_bytes", "max_batch_body_bytes")),
    (("messages",), partial(_order, "messages", "default_validity_s", "max_validity_s")),
    (("messages",), partial(_order, "messages", "otp_validity_s", "max_validity_s")),
    (("dispatch",), partial(_order, "dispatch", "retry_first_s", "retry_limit_s")),
    (("dispatch",), partial(_order, "dispatch", "circuit_probe_first_s", "circuit_probe_limit_s")),
    (("webhooks",), partial(_order, "webhooks", "connections_per_endpoint", "max_connections")),
    (("ledger", "keystore"), _key_places),
    (("audit", "keystore", "ledger"), _audit),
    (("ledger",), _shared_ledger),
    (("retention", "messages"), _retention),
    (("retention",), _long_limits),
    (("rules",), _rules),
    (("privacy", "providers"), _privacy),
    (("tracing",), _tracing),
    (("portability", "routes"), _portability),
    (("operators",), _names),
    (("operators",), _links),
    (("operators", "routes"), _routes),
)
"""The sections that a rule reads, and the rule."""
