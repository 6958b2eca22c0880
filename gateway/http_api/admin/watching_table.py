"""The routes of what is watched over all customers: traffic, abuse, what is kept, what was done; from beside each."""

from gateway.http_api.admin.audit_entries import audit_entry_routes
from gateway.http_api.admin.audit_files import AuditFileEndpoints, audit_routes
from gateway.http_api.admin.audit_proofs import audit_proof_routes
from gateway.http_api.admin.fraud_table import fraud_routes
from gateway.http_api.admin.keeping import keeping_routes
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.traffic import traffic_routes
from gateway.http_api.routes import Route


def watching_routes(parts: Parts, sources: Sources) -> list[Route]:
    return [
        *traffic_routes(parts, sources.ledger, sources.smallest_cell),
        *keeping_routes(parts, sources.rights.on, sources.hands.sweep),
        *fraud_routes(parts, sources.ledger),
        *audit_routes(AuditFileEndpoints(parts, sources.log_folder)),
        *audit_proof_routes(parts, sources.log_folder),
        *audit_entry_routes(parts, sources.ledger.acts, sources.log_folder),
    ]
