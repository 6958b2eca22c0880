"""The routes of what is watched over all customers: traffic, what is kept, what was done. Gathered from beside each."""

from gateway.http_api.admin.audit_entries import audit_entry_routes
from gateway.http_api.admin.keeping import keeping_routes
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.traffic import traffic_routes
from gateway.http_api.routes import Route


def watching_routes(parts: Parts, sources: Sources) -> list[Route]:
    return [
        *traffic_routes(parts, sources.ledger, sources.smallest_cell),
        *keeping_routes(parts, sources.rights.on),
        *audit_entry_routes(parts, sources.ledger.acts, sources.log_folder),
    ]
