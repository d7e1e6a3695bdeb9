"""Everything that an event of a story may touch: the fleet, the desks, the server, time, the truth and the trace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sync.handset import Snap
from sync.simulation.carrier import Carrier
from sync.simulation.desk import Desk
from sync.simulation.machine import VirtualTime
from sync.simulation.network import Post
from sync.simulation.ports import Site
from sync.simulation.trace import Trace
from sync.simulation.truth import Truth

# A tiny JPEG whose bytes are unlike those of any other serial number.
Camera = Callable[[int], bytes]
_ONE_IN_SHARED = 8


@dataclass
class Stage:
    """One story under way."""

    site: Site
    time: VirtualTime
    trace: Trace
    truth: Truth
    post: Post
    camera: Camera
    dispatcher: Desk
    admin: Desk
    carriers: list[Carrier] = field(default_factory=list)
    _photographs: list[bytes] = field(default_factory=list)

    def snaps(self, chance: Random, roles: tuple[str, ...]) -> list[Snap]:
        """Take a photograph for each role; now and then one whose bytes somebody else took before."""
        return [Snap(role, self._photograph(chance)) for role in roles]

    def _photograph(self, chance: Random) -> bytes:
        if self._photographs and chance.randrange(_ONE_IN_SHARED) == 0:
            return chance.choice(self._photographs)
        self._photographs.append(self.camera(len(self._photographs)))
        return self._photographs[-1]

    def position(self, chance: Random) -> Mapping[str, Any]:
        """Return a place in the city."""
        lon, lat = 123.5 + chance.randrange(200) / 1e4, 30.48 + chance.randrange(200) / 1e4
        return {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 6.0, "provider": "gnss", "mock": False}
