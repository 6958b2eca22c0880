"""Operators' links as they stand, for customers and for the platform's own people."""

from config.operators import OperatorSettings
from gateway.accept.request import OperatorView
from gateway.node.road import Road


def operator_views(road: Road) -> list[OperatorView]:
    """Every link as it stands."""
    return [operator_view(each, road) for each in road.standing.settings.operators if each.name in road.operators]


def operator_view(settings: OperatorSettings, road: Road) -> OperatorView:
    """A link as it stands, for customers."""
    health, lane = road.operators[settings.name].health(), road.dispatch.lanes.by_name[settings.name]
    return OperatorView(
        name=settings.name,
        state="paused" if lane.is_paused else health.state,
        country=settings.register.place,
        binds_up=health.binds_up,
        binds=health.binds,
        down=health.down,
        circuit=lane.circuit.state.value,
    )
