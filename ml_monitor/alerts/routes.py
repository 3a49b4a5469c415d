"""Which channels an alert goes to: the `route` of its rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ALWAYS = frozenset({"console", "logging"})
"""Records, not addresses: they are told whatever the route."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Names of routes and the channels that each leads to. A channel's name is a route too; commas join several."""

    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: tuple[str, ...] = ()
    """For alerts without a route, or with one that leads nowhere; empty: every channel."""

    def channels(self, route: str | None, configured: Sequence[str]) -> frozenset[str]:
        """The configured channels that an alert with this route goes to. No alert goes nowhere."""
        found = self._led_to(route, configured)
        if not found:
            found = frozenset(self.default) & frozenset(configured) or frozenset(configured)
        return found | (ALWAYS & frozenset(configured))

    def is_unroutable(self, route: str | None, configured: Sequence[str]) -> bool:
        """Whether a route was asked for that leads to no configured channel, so that the default got the alert."""
        return bool(route) and not self._led_to(route, configured)

    def _led_to(self, route: str | None, configured: Sequence[str]) -> frozenset[str]:
        names = [name.strip() for name in (route or "").split(",")]
        return frozenset(channel for name in names for channel in self.named.get(name, (name,))) & frozenset(configured)


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """`pipelines=slack,email; oncall=pagerduty` as routes.

    Raises:
        ValueError: A part is no `name=channel,channel`.
    """
    routes: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, channels = part.partition("=")
        names = tuple(filter(None, (channel.strip() for channel in channels.split(","))))
        if not name.strip() or not names:
            raise ValueError("routes are written name=channel,channel; name=channel")
        routes[name.strip()] = names
    return routes
