"""Which numbers of the node are shown to operations: names, help texts, and where they are read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from gateway.metrics.exposition import Sample
from gateway.model.message import Status
from redaction.personal import Purpose

if TYPE_CHECKING:
    from gateway.node.node import Node


def describe(node: "Node") -> None:
    """Register everything that `/metrics` shows of this node."""
    show = node.exposition
    show.add_counters(lambda: _counters(node))
    show.add_gauges(lambda: _gauges(node))
    show.add_histogram(node.outcome.to_final)
    show.add_histogram(node.outcome.to_submit)


def _counters(node: "Node") -> list[Sample]:
    dispatch, outcomes, incoming = node.dispatch.counters, node.outcomes.counters, node.incoming.counters
    return [
        ("gateway_outcomes_by_status", "Messages by final status", _named(node.outcome.by_status)),
        ("gateway_accepted", "Messages made durable", node.accepted),
        ("gateway_attempts", "Attempts to submit a message", dispatch.attempts),
        ("gateway_segments_accepted", "Segments that operators accepted", dispatch.segments_accepted),
        ("gateway_deferred", "Segments that operators deferred", dispatch.deferred),
        ("gateway_refused", "Segments that operators refused", dispatch.refused),
        ("gateway_unknown", "Segments with unknown outcome", dispatch.unknown),
        ("gateway_late_answers", "Responses after their deadline", dispatch.late_answers),
        ("gateway_unopenable", "Messages whose content could not be opened", dispatch.unopenable),
        ("gateway_rerouted", "Messages given to another operator", dispatch.rerouted),
        ("gateway_receipts", "Receipts received", outcomes.receipts),
        ("gateway_receipts_early", "Receipts that came before their submit_sm_resp", outcomes.early),
        ("gateway_receipts_looked_up", "Receipts whose message was not in memory", outcomes.looked_up),
        ("gateway_receipts_unclaimed", "Receipts for ids that nobody knows", outcomes.unclaimed),
        ("gateway_receipts_repeated", "Receipts that came again", outcomes.repeated),
        ("gateway_receipts_contradicting", "Receipts that contradict a final status", outcomes.contradicting),
        ("gateway_receipts_pushed_back", "Receipts that operators were asked to send again", outcomes.pushed_back),
        ("gateway_receipts_forwarded", "Receipts left for the node that has the message", outcomes.forwarded),
        ("gateway_incoming", "Messages from people made durable", incoming.received),
        ("gateway_incoming_incomplete", "Of them, those that lack parts", incoming.incomplete),
        ("gateway_incoming_unowned", "Messages from people to numbers that nobody owns", incoming.unowned),
        ("gateway_incoming_pushed_back", "Those that operators were asked to send again", incoming.pushed_back),
        ("gateway_integrity_errors_by_field", "Sealed fields that did not authenticate", _floats(node.sealer.broken)),
        ("gateway_forgotten_by_kind", "What the sweeper destroyed", _forgotten(node)),
        ("gateway_sweeps_failed", "Sweeps that could not be done", node.sweeper.failed),
        ("gateway_opened_by_purpose", "Sealed fields opened", _by_purpose(node.sealer.opened)),
        ("gateway_openings_refused_by_purpose", "Openings that the policy forbids", _by_purpose(node.sealer.refused)),
        ("gateway_keys_withheld", "Times that this node lost touch with its key store", node.keystore.losses),
        ("gateway_unexpected_errors_by_work", "Errors that ended one piece of work", _floats(node.contained.counts)),
        ("gateway_commits", "Commits of the ledger", node.journal.commits),
        ("gateway_operations", "Operations in those commits", node.journal.operations),
        ("gateway_webhooks_told", "Events that reached their customer", node.deliverer.told),
        ("gateway_webhooks_failed", "Tries that did not", node.deliverer.failed),
        ("gateway_webhooks_read_back", "Events that were read from the ledger to be told", node.deliverer.read_back),
        ("gateway_webhooks_dropped", "Events without anybody to tell", node.deliverer.dropped),
        *_smpp_counters(node),
    ]


def _smpp_counters(node: "Node") -> list[Sample]:
    server, intake, telling = node.smpp_server, node.intake, node.telling
    denied: dict[str, float] = {reason: float(count) for reason, count in server.denied.items()}
    return [
        ("gateway_smpp_bound", "Binds accepted", server.bound),
        ("gateway_smpp_denied_by_reason", "Binds refused", denied),
        ("gateway_smpp_turned_away", "Connections closed because there were too many", server.turned_away),
        ("gateway_smpp_submits_taken", "Messages over SMPP made durable", intake.taken),
        ("gateway_smpp_submits_refused", "Messages over SMPP refused", intake.refused),
        ("gateway_smpp_news_told", "News that binds acknowledged", telling.told),
        ("gateway_smpp_news_refused", "News that binds refused", telling.refused),
        ("gateway_smpp_news_unanswered", "News that binds did not answer", telling.unanswered),
        ("gateway_smpp_news_dropped", "News without anything to tell", telling.dropped),
    ]


def _gauges(node: "Node") -> list[Sample]:
    health = {name: operator.health() for name, operator in node.operators.items()}
    return [
        ("gateway_active_by_operator", "Messages in memory", _floats(node.dispatch.waiting())),
        ("gateway_window_used_by_operator", "Unanswered submits", {n: float(h.window_used) for n, h in health.items()}),
        ("gateway_binds_up_by_operator", "Binds that are up", {n: float(h.binds_up) for n, h in health.items()}),
        ("gateway_keys_attended", "Whether keys may be used", float(node.keyring.attended)),
        ("gateway_in_flight", "Messages whose receipt is awaited in memory", len(node.inflight)),
        ("gateway_commit_queue", "Operations that wait for a commit", node.journal.depth),
        ("gateway_receipts_waiting", "Receipts not acknowledged yet", node.outcomes.waiting()),
        ("gateway_webhooks_in_flight", "Events being told", node.deliverer.inflight),
        ("gateway_webhooks_lag_seconds", "Age of the oldest event not told", node.deliverer.lag_ms() / 1000),
        ("gateway_retention_due_by_tag", "Messages and records past their time", _due(node)),
        ("gateway_retention_lag_seconds_by_tag", "How long the longest of them is overdue", _lag(node)),
        ("gateway_retention_oldest_seconds_by_tag", "Age of the oldest record", _oldest(node)),
        ("gateway_smpp_connections", "Connections of customers", node.smpp_server.connections),
        ("gateway_smpp_binds", "Binds of customers", sum(map(len, node.smpp_server.binds.values()))),
        ("gateway_smpp_waiting", "Submissions over SMPP that wait for their turn", node.intake.waiting()),
        ("gateway_smpp_news_in_memory", "News for binds that is being told", node.telling.in_memory()),
        ("gateway_endpoints_failing", "Endpoints whose last request failed", node.deliverer.endpoints.failing),
        ("gateway_endpoints_disabled", "Endpoints that are disabled", node.deliverer.endpoints.disabled),
        *_shared_gauges(node),
    ]


def _shared_gauges(node: "Node") -> list[Sample]:
    if node.sharing is None or node.fair_rates is None:
        return []
    return [
        ("gateway_partitions", "Partitions of the ledger that this node has", node.sharing.partitions),
        ("gateway_nodes", "Nodes that share the ledger", node.sharing.nodes),
        ("gateway_limits_parted", "Limits of which this machine may give a part only", node.admission.gates.parted()),
        ("gateway_limits_news_seconds", "Time since other machines were heard of", node.fair_rates.silent_s()),
    ]


def _named(counts: Mapping[Status, int]) -> dict[str, float]:
    return {name.value: float(count) for name, count in counts.items()}


def _floats(counts: dict[str, int]) -> dict[str, float]:
    return {name: float(count) for name, count in counts.items()}


def _by_purpose(counts: Mapping[tuple[Purpose, str], int]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for (purpose, _field), count in counts.items():
        totals[purpose.value] = totals.get(purpose.value, 0.0) + count
    return totals


def _forgotten(node: "Node") -> dict[str, float]:
    return {name: float(count) for name, count in msgspec.structs.asdict(node.sweeper.totals).items()}


def _due(node: "Node") -> dict[str, float]:
    return {each.tag: float(each.content + each.records) for each in node.sweeper.due}


def _lag(node: "Node") -> dict[str, float]:
    return {each.tag: max(each.content_lag_ms, each.record_lag_ms) / 1000 for each in node.sweeper.due}


def _oldest(node: "Node") -> dict[str, float]:
    now_ms = node.clock.now_ms()
    return {each.tag: (now_ms - each.oldest_ms) / 1000 for each in node.sweeper.due if each.oldest_ms is not None}
