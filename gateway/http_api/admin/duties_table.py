"""The routes of what the law asks of the platform itself: breaches that are told, disclosures that are registered."""

from gateway.accounts.directory import Directory
from gateway.http_api.admin.breach_table import breach_routes
from gateway.http_api.admin.disclosures import disclosure_routes
from gateway.http_api.admin.parts import Parts
from gateway.http_api.routes import Route
from gateway.people.registry import Registry
from gateway.rights.desk import RightsDesk


def duty_routes(parts: Parts, desk: RightsDesk, directory: Directory, registry: Registry) -> list[Route]:
    return [*disclosure_routes(parts, desk.on.ledger.acts), *breach_routes(parts, desk, directory, registry)]
