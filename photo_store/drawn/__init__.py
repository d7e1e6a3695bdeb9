"""Street scenes drawn by code: content for the demo city and the fleet, with no photograph of anybody.

``draw(scene, seed, ...)`` returns a JPEG that weighs and claims what a phone's would. Which scenes are drawn, when
and where, is decided by the caller. Knows no case and no city.
"""

from photo_store.drawn.picture import draw
from photo_store.drawn.scene import Phase, Scene, Shot

__all__ = ["Phase", "Scene", "Shot", "draw"]
