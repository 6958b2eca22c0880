"""The façades that there are, by name: each is built of the shared parts where `[http.facades]` switches it on."""

from collections.abc import Callable, Mapping
from typing import Final

from config.settings import FacadeSettings
from gateway.http_api.facades.dialect import Facade
from gateway.http_api.facades.jasmin import api as jasmin
from gateway.http_api.facades.kannel import sendsms
from gateway.http_api.facades.msegat import gw
from gateway.http_api.facades.opendsr import api as opendsr
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.taqnyat import rest as taqnyat
from gateway.http_api.facades.twilio import api as twilio
from gateway.http_api.facades.unifonic import rest as unifonic
from gateway.model.facades import FACADES

BUILDERS: Final[Mapping[str, Callable[[Parts], Facade]]] = {
    "kannel": sendsms.facade,
    "jasmin": jasmin.facade,
    "twilio": twilio.facade,
    "unifonic": unifonic.facade,
    "taqnyat": taqnyat.facade,
    "msegat": gw.facade,
    "opendsr": opendsr.facade,
}


def wanted(settings: FacadeSettings, parts: Parts) -> list[Facade]:
    """Those that are switched on."""
    return [BUILDERS[name](parts) for name in FACADES if getattr(settings, name)]
