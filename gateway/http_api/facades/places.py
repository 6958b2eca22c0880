"""Where in which façade a request goes, by its path."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.http_api.facades.dialect import Endpoint, Facade, Header, Page
from gateway.http_api.traffic import Traffic

NOWHERE: Final[Mapping[str, str]] = {}


class Place:
    """An endpoint of a façade, and where its answers are counted, by status."""

    __slots__ = ("answers", "endpoint", "facade", "refused")

    def __init__(self, facade: Facade, endpoint: Endpoint, answers: list[int]) -> None:
        self.facade: Final = facade
        self.endpoint: Final = endpoint
        self.answers: Final = answers
        self.refused: Final = endpoint.refused or facade.refused


class Found:
    """A place, and what stands in the open places of its path."""

    __slots__ = ("place", "places")

    def __init__(self, place: Place, places: Mapping[str, str] = NOWHERE) -> None:
        self.place: Final = place
        self.places: Final = places


class OpenPage:
    """What anybody is answered at a path, and where that is counted, by status."""

    __slots__ = ("answers", "made")

    def __init__(self, made: Page, answers: list[int]) -> None:
        self.made: Final = made
        self.answers: Final = answers


class FacadePlaces:
    """Of all façades that are switched on. Raises ValueError for a path that is there twice."""

    def __init__(self, facades: Iterable[Facade], traffic: Traffic) -> None:
        self._exact: dict[str, Found] = {}
        self._open: list[tuple[re.Pattern[str], Place]] = []
        self._prefixes: list[tuple[str, Facade]] = []
        self._pages: dict[str, OpenPage] = {}
        for facade in facades:
            self._pages |= {path: OpenPage(made, traffic.answers(path)) for path, made in facade.pages.items()}
            self._prefixes.extend((prefix, facade) for prefix in facade.prefixes)
            for endpoint in facade.endpoints:
                self._add(Place(facade, endpoint, traffic.answers(endpoint.path)))

    def __bool__(self) -> bool:
        return bool(self._prefixes)

    def _add(self, place: Place) -> None:
        pattern = place.endpoint.pattern
        if pattern is not None:
            self._open.append((pattern, place))
        elif place.endpoint.path in self._exact:
            raise ValueError(f"{place.endpoint.path} is an endpoint twice")
        else:
            self._exact[place.endpoint.path] = Found(place)

    def find(self, path: str, header: Header, query: str) -> Found | None:
        """path: as it is written, without its query. None where no façade claims the request."""
        found = self._exact.get(path) or self._among_open(path)
        if found is None:
            return None
        claims = found.place.endpoint.claims
        return found if claims is None or claims(header, query) else None

    def _among_open(self, path: str) -> Found | None:
        for pattern, place in self._open:
            match = pattern.fullmatch(path)
            if match is not None:
                return Found(place, match.groupdict())
        return None

    def page(self, path: str) -> OpenPage | None:
        """What is answered to a GET without credentials; None for nothing."""
        return self._pages.get(path)

    def of_prefix(self, path: str) -> Facade | None:
        """Whose a path is where nothing is."""
        return next((facade for prefix, facade in self._prefixes if path.startswith(prefix)), None)
