"""Surface and sensor: the fine structure that makes a drawn picture weigh and feel like a photographed one."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops

from photo_store.drawn.light import HEADROOM

__all__ = ["grained"]

TILE_WIDTH = 1600
SKY_GRAIN, GROUND_GRAIN = 3.0, 8.4
COARSE_GRAIN = 4.5


def grained(image: Image.Image, horizon: float, seed: int) -> Image.Image:
    """Return the picture with grain, weaker above the ``horizon`` (share of the height) than below.

    The picture must keep ``HEADROOM`` from black and white, as drawn ones do: the sum is taken modulo 256, which
    is far cheaper than one that stops at both ends. A wide picture is changed in place.
    """
    tile = ImageChops.offset(_tile(round(horizon * 10), image.height), seed % TILE_WIDTH, 0)
    if image.width <= TILE_WIDTH:
        return ImageChops.add_modulo(image, tile)
    # Piece by piece: the memory for a second picture of twelve megapixels would cost more than the sums.
    for left in range(0, image.width, TILE_WIDTH):
        piece = image.crop((left, 0, min(image.width, left + TILE_WIDTH), image.height))
        image.paste(ImageChops.add_modulo(piece, tile), (left, 0))
    return image


@lru_cache(maxsize=4)
def _tile(horizon_tenths: int, height: int) -> Image.Image:
    """Noise around 0 modulo 256: fine grain by height over the ground, coarse patches of wear over all."""
    noise = np.random.default_rng(20261122)
    rows = np.arange(height, dtype=np.float32)[:, None] / height - horizon_tenths / 10
    strength = np.clip(SKY_GRAIN + (rows + 0.08) * 40, SKY_GRAIN, GROUND_GRAIN)
    fine = noise.standard_normal((height, TILE_WIDTH), dtype=np.float32) * strength
    coarse = noise.standard_normal((30, 40)) * COARSE_GRAIN
    # Enlarged between two copies of itself, so that left and right edge fit when the tile is shifted.
    thrice = Image.fromarray(np.tile(coarse, 3).astype(np.float32))
    patches = thrice.resize((TILE_WIDTH, height), Image.Resampling.BICUBIC, box=(40, 0, 80, 30))
    grain = fine + np.asarray(patches) * np.clip(strength / GROUND_GRAIN, 0.3, 1)
    signed = np.clip(np.rint(grain), -HEADROOM, HEADROOM).astype(np.int8)
    return Image.fromarray(signed.view(np.uint8)).convert("RGB")
