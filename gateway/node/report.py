"""Which numbers of the node are shown to operations: names, help texts, and where they are read."""

from collections.abc import Mapping

import msgspec

from gateway.metrics.exposition import Sample
from gateway.model.message import Status
from gateway.node.certificates import Certificates
from gateway.node.fronts import Fronts
from gateway.node.rights import RightsDuty
from gateway.node.road import Road
from gateway.node.stores import Stores
from gateway.node.way_in import Sentry
from gateway.process.clock import Clock
from gateway.process.containment import Containment
from gateway.retention.sweeper import Sweeper
from operators.base import OperatorHealth
from redaction.personal import Purpose


def describe(
    stores: Stores, road: Road, fronts: Fronts, contained: Containment, clock: Clock, rights: RightsDuty
) -> None:
    """Register everything that `/metrics` shows of this node."""
    show = fronts.exposition
    show.add_counters(lambda: [*_road_counters(road), *_store_counters(stores, road), *_smpp_counters(road, fronts)])
    show.add_gauges(lambda: [*_gauges(stores, road), *_retention_gauges(road.sweeper, clock)])
    show.add_gauges(lambda: [*_smpp_gauges(road, fronts), *_shared_gauges(stores, road), _not_ready(fronts)])
    certificates = Certificates(road, clock)
    show.add_gauges(lambda: [_certificates(certificates), *_case_gauges(rights)])
    show.add_counters(lambda: [_unexpected(contained), _http_answers(fronts), _http_refused(fronts), _views(fronts)])
    show.add_histogram(road.outcome.to_final)
    show.add_histogram(road.outcome.to_submit)


def _road_counters(road: Road) -> list[Sample]:
    dispatch, outcomes, incoming = road.dispatch.counters, road.outcomes.counters, road.incoming.counters
    flawed = {name: float(operator.health().flawed) for name, operator in road.operators.items()}
    return [
        ("gateway_outcomes_by_status", "Messages by final status", _named(road.outcome.by_status)),
        ("gateway_accepted", "Messages made durable", road.handover.accepted),
        ("gateway_attempts", "Attempts to submit a message", dispatch.attempts),
        ("gateway_segments_accepted", "Segments that operators accepted", dispatch.segments_accepted),
        ("gateway_deferred", "Segments that operators deferred", dispatch.deferred),
        ("gateway_refused", "Segments that operators refused", dispatch.refused),
        ("gateway_unknown", "Segments with unknown outcome", dispatch.unknown),
        ("gateway_late_answers", "Responses after their deadline", dispatch.late_answers),
        ("gateway_unopenable", "Messages whose content could not be opened", dispatch.unopenable),
        ("gateway_rerouted", "Messages given to another operator", dispatch.rerouted),
        ("gateway_held", "Messages held because their customer is disabled", dispatch.held),
        ("gateway_released", "Held messages that may be sent again", dispatch.released),
        ("gateway_verdicts_by_code_and_effect", "What rules said of messages, and what followed", _said(road)),
        *_fraud_counters(road.sentry),
        (
            "gateway_portability_by_outcome",
            "Questions at which network a number is",
            _floats(dict(road.ways.lookup.counts)),
        ),
        ("gateway_circuit_openings_by_operator", "Times that an operator did not do its work", _openings(road)),
        ("gateway_flawed_by_operator", "Answers and messages that were read in part, or lack an id", flawed),
        ("gateway_receipts", "Receipts received", outcomes.receipts),
        ("gateway_receipts_early", "Receipts that came before their submit_sm_resp", outcomes.early),
        ("gateway_receipts_looked_up", "Receipts whose message was not in memory", outcomes.looked_up),
        ("gateway_receipts_unclaimed", "Receipts for ids that nobody knows", outcomes.unclaimed),
        ("gateway_receipts_repeated", "Receipts that came again", outcomes.repeated),
        ("gateway_receipts_revised", "Messages that were `unknown` until a receipt came", outcomes.revised),
        ("gateway_receipts_contradicting", "Receipts that contradict a final status", outcomes.contradicting),
        ("gateway_receipts_pushed_back", "Receipts that operators were asked to send again", outcomes.pushed_back),
        ("gateway_receipts_forwarded", "Receipts left for the node that has the message", outcomes.forwarded),
        ("gateway_incoming", "Messages from people made durable", incoming.received),
        ("gateway_incoming_incomplete", "Of them, those that lack parts", incoming.incomplete),
        ("gateway_incoming_unowned", "Messages from people to numbers that nobody owns", incoming.unowned),
        ("gateway_incoming_pushed_back", "Those that operators were asked to send again", incoming.pushed_back),
        ("gateway_wishes_by_kind", "Messages from people that are a word such as STOP", _heard(road)),
        ("gateway_webhooks_told", "Events that reached their customer", road.deliverer.courier.told),
        ("gateway_webhooks_failed", "Tries that did not", road.deliverer.courier.failed),
        ("gateway_webhooks_read_back", "Events that were read from the ledger to be told", road.deliverer.read_back),
        ("gateway_webhooks_dropped", "Events that concern no endpoint", _dropped(road)),
    ]


def _fraud_counters(sentry: Sentry) -> list[Sample]:
    tallies = sentry.tallies
    return [
        ("gateway_fraud_blocks", "Ranges of numbers that were blocked, or would be", tallies.prefixes.begun),
        ("gateway_fraud_outcomes_by_outcome", "Codes that were entered or not", _floats(sentry.conversion.counts)),
        ("gateway_fraud_forgotten_early", "Counts against abuse that had no place", tallies.turned_early),
        ("gateway_fraud_failed_by_control", "Times that a control could say nothing", _floats(sentry.failures)),
    ]


def _store_counters(stores: Stores, road: Road) -> list[Sample]:
    sealer, sweeper, journal = stores.sealer, road.sweeper, road.journal
    return [
        ("gateway_integrity_errors_by_field", "Sealed fields and records that did not authenticate", _broken(stores)),
        ("gateway_forgotten_by_kind", "What the sweeper destroyed", _forgotten(sweeper)),
        ("gateway_sweeps_failed", "Sweeps that could not be done", sweeper.failed),
        ("gateway_opened_by_purpose", "Sealed fields opened", _by_purpose(sealer.opened)),
        ("gateway_openings_refused_by_purpose", "Openings that the policy forbids", _by_purpose(sealer.refused)),
        ("gateway_keys_withheld", "Times that this node lost touch with its key store", stores.keystore.losses),
        ("gateway_clock_jumps", "Times that the system's clock jumped", stores.watch.guard.jumps),
        ("gateway_troubles_by_kind", "Times that something began to be wrong", _troubles(road, "times")),
        ("gateway_traced", "Messages of which a trace was made", 0 if road.traces is None else road.traces.made),
        ("gateway_balance_refused", "Messages that were not paid for in advance", road.till.refused),
        ("gateway_quota_refused_by_period", "Messages that a quota kept out", _floats(road.admission.quotas.refused)),
        ("gateway_quota_warnings_by_period_and_percent", "Warnings of quotas", dict(road.quota_warnings.told)),
        ("gateway_refused_by_ledger", "New messages refused as no commit could take them", journal.refused),
        ("gateway_commits", "Commits of the ledger", journal.commits),
        ("gateway_operations", "Operations in those commits", journal.operations),
    ]


def _views(fronts: Fronts) -> Sample:
    views = {} if fronts.pages is None else {each: float(n) for each, n in fronts.pages.counting.views.items()}
    return ("gateway_page_views_by_page_and_language", "Pages that people who agreed to it looked at", views)


def _unexpected(contained: Containment) -> Sample:
    return ("gateway_unexpected_errors_by_work", "Errors that ended one piece of work", _floats(contained.counts))


def _certificates(certificates: Certificates) -> Sample:
    help_text = "Time until a certificate ends: our own, and what operators showed"
    return ("gateway_certificate_left_seconds_by_side_and_name", help_text, dict(certificates.left_s()))


def _case_gauges(rights: RightsDuty) -> list[Sample]:
    return [
        ("gateway_cases_by_kind", "Cases that wait for an answer", rights.cases_by_kind(overdue=False)),
        ("gateway_cases_overdue_by_kind", "Cases whose time to answer is over", rights.cases_by_kind(overdue=True)),
    ]


def _not_ready(fronts: Fronts) -> Sample:
    checks = fronts.http.health.checks()
    help_text = "1 while this hinders readiness"
    return ("gateway_not_ready_by_check", help_text, {name: float(not is_well) for name, is_well in checks.items()})


def _http_answers(fronts: Fronts) -> Sample:
    counts = {(route, str(status)): float(count) for (route, status), count in fronts.http.traffic.counts.items()}
    return ("gateway_http_answers_by_route_and_status", "Answers of the HTTP API", counts)


def _http_refused(fronts: Fronts) -> Sample:
    help_text = "Requests that no key let in"
    return ("gateway_http_keys_refused_by_reason", help_text, _floats(fronts.http.gatekeeper.refused))


def _smpp_counters(road: Road, fronts: Fronts) -> list[Sample]:
    server, intake, telling = fronts.smpp_server, fronts.intake, road.telling
    denied: dict[str, float] = {reason: float(count) for reason, count in server.denied.items()}
    return [
        ("gateway_smpp_bound", "Binds accepted", server.bound),
        ("gateway_smpp_denied_by_reason", "Binds refused", denied),
        ("gateway_smpp_turned_away", "Connections closed because there were too many", server.turned_away),
        ("gateway_http_turned_away", "Connections of the HTTP API refused, or ended for others", _turned_away(fronts)),
        ("gateway_smpp_flawed", "PDUs of customers that were read in part", server.flaws.total),
        ("gateway_smpp_submits_taken", "Messages over SMPP made durable", intake.taken),
        ("gateway_smpp_submits_refused", "Messages over SMPP refused", intake.refused),
        ("gateway_smpp_news_told", "News that binds acknowledged", telling.told),
        ("gateway_smpp_news_refused", "News that binds refused", telling.refused),
        ("gateway_smpp_news_unanswered", "News that binds did not answer", telling.unanswered),
        ("gateway_smpp_news_dropped", "News without anything to tell", telling.dropped),
    ]


def _turned_away(fronts: Fronts) -> int:
    seats = fronts.http.listener.seats
    return seats.refused + seats.displaced


def _gauges(stores: Stores, road: Road) -> list[Sample]:
    health = {name: operator.health() for name, operator in road.operators.items()}
    deliverer = road.deliverer
    return [
        ("gateway_active_by_operator", "Messages in memory", _floats(road.dispatch.lanes.waiting())),
        ("gateway_window_used_by_operator", "Unanswered submits", {n: float(h.window_used) for n, h in health.items()}),
        ("gateway_circuit_open_by_operator", "1 while an operator is probed only", _open_circuits(road)),
        ("gateway_paused_by_operator", "1 while nothing is submitted as somebody wants it so", _paused(road)),
        ("gateway_accepting", "Whether messages are taken", float(not road.admission.is_paused)),
        ("gateway_dispatching", "Whether messages are sent", float(not road.dispatch.sender.is_held)),
        ("gateway_binds_up_by_operator", "Binds that are up", {n: float(h.binds_up) for n, h in health.items()}),
        ("gateway_binds_down_by_operator_and_reason", "Binds that are down, by why", _down(health)),
        ("gateway_trouble_by_kind", "1 while something is wrong", _troubles(road, "lasts")),
        ("gateway_ledger_log_bytes", "SQLite's write-ahead log", road.troubles.log_bytes()),
        ("gateway_audit_pending", "Entries that are not in the audit log yet", stores.audit.pending),
        ("gateway_audit_checkpoint_age_seconds", "Time since the log had every entry", stores.audit.age_s()),
        ("gateway_audit_witness_age_seconds_by_name", "Time since it had cosigned all", stores.cosigning.ages_s()),
        ("gateway_audit_fork", "1 while the log does not continue what was signed", float(stores.audit.forked)),
        ("gateway_keys_attended", "Whether keys may be used", float(stores.keyring.attended)),
        ("gateway_clock_away_seconds", "How far the system's clock has jumped", abs(stores.watch.guard.jump_ms) / 1000),
        ("gateway_in_flight", "Messages whose receipt is awaited in memory", len(road.inflight)),
        ("gateway_commit_queue", "Operations that wait for a commit", road.journal.depth),
        ("gateway_receipts_waiting", "Receipts not acknowledged yet", road.outcomes.waiting()),
        ("gateway_webhooks_in_flight", "Events being told", deliverer.held.inflight),
        ("gateway_webhooks_lag_seconds", "Age of the oldest event not told", deliverer.held.lag_ms() / 1000),
        ("gateway_accounts_unreadable_by_kind", "Rows of accounts that cannot be read", stores.directory.unreadable()),
        ("gateway_outbox_unreadable", "Events that cannot be read", len(stores.ledger.outbox.unreadable)),
        ("gateway_endpoints_failing", "Endpoints whose last request failed", deliverer.endpoints.failing),
        ("gateway_endpoints_disabled", "Endpoints that are disabled", deliverer.endpoints.disabled),
    ]


def _retention_gauges(sweeper: Sweeper, clock: Clock) -> list[Sample]:
    return [
        ("gateway_retention_due_by_tag", "Messages and records past their time", _due(sweeper)),
        ("gateway_retention_lag_seconds_by_tag", "How long the longest of them is overdue", _lag(sweeper)),
        ("gateway_retention_oldest_seconds_by_tag", "Age of the oldest record", _oldest(sweeper, clock)),
    ]


def _smpp_gauges(road: Road, fronts: Fronts) -> list[Sample]:
    server = fronts.smpp_server
    return [
        ("gateway_smpp_connections", "Connections of customers", server.connections),
        ("gateway_smpp_binds", "Binds of customers", sum(map(len, server.binds.values()))),
        ("gateway_smpp_waiting", "Submissions over SMPP that wait for their turn", fronts.intake.waiting()),
        ("gateway_smpp_news_in_memory", "News for binds that is being told", road.telling.in_memory()),
    ]


def _shared_gauges(stores: Stores, road: Road) -> list[Sample]:
    if stores.peers is None or road.cluster is None:
        return []
    return [
        ("gateway_partitions", "Partitions of the ledger that this node has", stores.peers.partitions),
        ("gateway_nodes", "Nodes that share the ledger", stores.peers.nodes),
        ("gateway_limits_parted", "Limits of which this machine may give a part only", road.admission.gates.parted()),
        ("gateway_limits_news_seconds", "Time since other machines were heard of", road.cluster.rates.silent_s()),
    ]


def _down(health: Mapping[str, OperatorHealth]) -> dict[tuple[str, str], float]:
    counts: dict[tuple[str, str], float] = {}
    for name, each in health.items():
        for bind in each.down:
            place = name, f"{bind.reason} {bind.code}".rstrip()
            counts[place] = counts.get(place, 0.0) + 1
    return counts


def _named(counts: Mapping[Status, int]) -> dict[str, float]:
    return {name.value: float(count) for name, count in counts.items()}


def _dropped(road: Road) -> int:
    return road.deliverer.courier.dropped + road.deliverer.forgotten


def _troubles(road: Road, field: str) -> dict[str, float]:
    return {kind: float(getattr(each, field)) for kind, each in road.troubles.by_kind.items()}


def _heard(road: Road) -> dict[str, float]:
    return {kind: float(count) for kind, count in road.incoming.wishes.heard.items()}


def _said(road: Road) -> dict[tuple[str, str], float]:
    return {place: float(count) for place, count in road.dispatch.verdicts.given.items()}


def _openings(road: Road) -> dict[str, float]:
    return {name: float(lane.circuit.opened) for name, lane in road.dispatch.lanes.by_name.items()}


def _paused(road: Road) -> dict[str, float]:
    return {name: float(lane.is_paused) for name, lane in road.dispatch.lanes.by_name.items()}


def _open_circuits(road: Road) -> dict[str, float]:
    return {name: float(not lane.circuit.is_closed) for name, lane in road.dispatch.lanes.by_name.items()}


def _broken(stores: Stores) -> dict[str, float]:
    """Sealed fields, and whole records."""
    whole = {"record": stores.integrity.broken} if stores.integrity.broken else {}
    return _floats({**stores.sealer.broken, **whole})


def _floats(counts: dict[str, int]) -> dict[str, float]:
    return {name: float(count) for name, count in counts.items()}


def _by_purpose(counts: Mapping[tuple[Purpose, str], int]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for (purpose, _field), count in counts.items():
        totals[purpose.value] = totals.get(purpose.value, 0.0) + count
    return totals


def _forgotten(sweeper: Sweeper) -> dict[str, float]:
    return {name: float(count) for name, count in msgspec.structs.asdict(sweeper.totals).items()}


def _due(sweeper: Sweeper) -> dict[str, float]:
    return {each.tag: float(each.content + each.records) for each in sweeper.due}


def _lag(sweeper: Sweeper) -> dict[str, float]:
    return {each.tag: max(each.content_lag_ms, each.record_lag_ms) / 1000 for each in sweeper.due}


def _oldest(sweeper: Sweeper, clock: Clock) -> dict[str, float]:
    now_ms = clock.now_ms()
    return {each.tag: (now_ms - each.oldest_ms) / 1000 for each in sweeper.due if each.oldest_ms is not None}
