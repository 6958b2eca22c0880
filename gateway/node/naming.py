"""What a number is called in records, as the nodes of an installation can still name it."""

from gateway.http_api.searching import Naming
from gateway.keystore.naming import named_since_ms
from gateway.node.road import Road
from gateway.node.stores import Stores


def naming(stores: Stores, road: Road) -> Naming:
    return Naming(
        names=stores.keyring.former_leaves,
        since_ms=lambda customer: named_since_ms(stores.keyring.state, customer),
        region=lambda: road.standing.settings.messages.default_region,
    )
