"""The deterministic fleet simulator: one seed is one whole story of a fleet, told the same way every time.

The server that it plays with is the real one, in the same process; handsets are reference handsets with real
outbox files. Time, chance and the network are simulated, so that a story of a day takes a second.

machine.py time and randomness · clocks.py wrong clocks · network.py what happens to a request · plan.py who does
what, from a seed · carrier.py one officer with a handset · desk.py the dispatcher · stage.py all of them ·
events/ one small class for each thing that can happen · truth.py what really happened, for the audit · trace.py
the story · ports.py what a server must offer · run.py one seed. No Flask, no database.
"""

from sync.simulation.plan import Size
from sync.simulation.ports import Site, SiteKilled
from sync.simulation.run import Outcome, simulate
from sync.simulation.truth import Finding, MadeItem, Truth

__all__ = ["Finding", "MadeItem", "Outcome", "Site", "SiteKilled", "Size", "Truth", "simulate"]
