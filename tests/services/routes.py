"""The routes of applications in the test's own process, put together once and used again.

To put them together, and to find out how each handler is called, takes twenty times as long as all
else that an application needs to start, and their handlers know services only by what their
providers hand out. So those stand in for the services of whichever application has the routes now:
one at a time, and only for applications that are alike in all that was read while the routes were
put together.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar

from tidework import app, routing
from tidework.composition import Services
from tidework.http import front
from tidework.http.dispatch import Dispatch
from tidework.live.hub import Live
from tidework.settings import Settings


class _Place:
    """Where a service of the present application is found: that of a name, in another place."""

    __slots__ = ("_name", "_of", "fixed")

    def __init__(self, of: "_Place | None", name: str, fixed: Any = None) -> None:
        self._of = of
        self._name = name
        self.fixed = fixed

    def now(self) -> Any:
        return self.fixed if self._of is None else getattr(self._of.now(), self._name)


class _StandIn:
    """Stands in for a service; all that is asked of it is asked of the one that is there now.

    While the routes are put together, the services that a service has are stood in for as well.
    """

    __slots__ = ("_place", "_routes")

    def __init__(self, routes: "_Routes", place: _Place) -> None:
        object.__setattr__(self, "_routes", routes)
        object.__setattr__(self, "_place", place)

    @property
    def __class__(self) -> Any:  # What the framework looks at when it hands one to a handler.
        return type(object.__getattribute__(self, "_place").now())

    def __getattr__(self, name: str) -> Any:
        routes = object.__getattribute__(self, "_routes")
        place = _Place(object.__getattribute__(self, "_place"), name)
        if routes.made is not None:
            return place.now()
        routes.read.append((place, _kind(place)))
        found = place.now()
        return _StandIn(routes, place) if _is_service(found) else found


def _is_service(found: object) -> bool:
    return type(found).__module__.startswith("tidework.")


def _kind(place: _Place) -> object:
    """What routes that ask for this are made of: plain values; of services, their class."""
    try:
        found = place.now()
    except AttributeError as error:
        return str(error)
    return type(found) if _is_service(found) or callable(found) else found


class _Routes:
    """Routes, and whose they are now."""

    def __init__(self, services: Services, live: Live | None) -> None:
        self.made: Litestar | None = None
        self.read: list[tuple[_Place, object]] = []
        self._services, self._live = _Place(None, "", services), _Place(None, "", live)
        stand_ins: Any = [_StandIn(self, place) for place in (self._services, self._live)]
        made = routing.framework(*stand_ins)
        # Before `made` is known, so that what is looked up for it is stood in for as well.
        _calls[id(made)] = Dispatch(made)
        self.made = made

    def give(self, services: Services | None, live: Live | None) -> None:
        self._services.fixed, self._live.fixed = services, live

    def fit(self, services: Services, live: Live | None) -> bool:
        """Give them to these services, unless others would have led to other routes."""
        self.give(services, live)
        return all(_kind(place) == kind for place, kind in self.read)


_free: list[_Routes] = []
# How to call their handlers, by the identity of an application that is used again.
_calls: dict[int, Dispatch] = {}
# By the identity of the settings of applications that may use routes again.
_taken: dict[int, list[_Routes]] = {}


def _framework(services: Services, live: Live | None = None) -> Litestar:
    taken = _taken.get(id(services.settings))
    if taken is None:
        return routing.framework(services, live)
    routes = next((each for each in _free if each.fit(services, live)), None)
    if routes is None:
        routes = _Routes(services, live)
    else:
        _free.remove(routes)
    taken.append(routes)
    assert routes.made is not None
    return routes.made


def _dispatch(made: Litestar) -> Dispatch:
    return _calls.get(id(made)) or Dispatch(made)


@contextmanager
def routes_used_again(settings: Settings) -> Iterator[None]:
    """An application with these settings takes routes that are there, and leaves them to others."""
    _taken[id(settings)] = []
    try:
        yield
    finally:
        for routes in _taken.pop(id(settings)):
            routes.give(None, None)
            _free.append(routes)


def patch() -> None:
    """Let applications of this process use routes again, and leave its garbage collector alone."""
    app.framework = _framework  # type: ignore[attr-defined]
    front.Dispatch = _dispatch  # type: ignore[attr-defined,assignment,misc]
    app._settle_collector = lambda: None
