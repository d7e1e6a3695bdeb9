"""Surface and sensor: the fine structure that makes a drawn picture weigh and feel like a photographed one."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops

__all__ = ["grained"]

TILE = (1600, 1200)
SKY_GRAIN, GROUND_GRAIN = 3.0, 8.4
COARSE_GRAIN = 4.5


def grained(image: Image.Image, horizon: float, seed: int) -> Image.Image:
    """Return the picture with grain, weaker above the ``horizon`` (share of the height) than below."""
    tile = _tile(round(horizon * 10))
    if image.size != TILE:
        tile = _laid_out(tile, image.size)
    return ImageChops.add(image, ImageChops.offset(tile, seed % tile.width, 0), 1, -128)


@lru_cache(maxsize=4)
def _tile(horizon_tenths: int) -> Image.Image:
    """Grey 128 plus noise: fine grain by height over the ground, coarse patches of wear over all."""
    width, height = TILE
    noise = np.random.default_rng(20261122)
    rows = np.arange(height)[:, None] / height - horizon_tenths / 10
    strength = np.clip(SKY_GRAIN + (rows + 0.08) * 40, SKY_GRAIN, GROUND_GRAIN)
    fine = noise.standard_normal((height, width), dtype=np.float32) * strength
    coarse = noise.standard_normal((30, 40)) * COARSE_GRAIN
    # Enlarged between two copies of itself, so that left and right edge fit when the tile is shifted.
    thrice = Image.fromarray(np.tile(coarse, 3).astype(np.float32))
    patches = thrice.resize(TILE, Image.Resampling.BICUBIC, box=(40, 0, 80, 30))
    grey = 128 + fine + np.asarray(patches) * np.clip(strength / GROUND_GRAIN, 0.3, 1)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


def _laid_out(tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Cover another format with the tile; stretched to the height, so that the horizon stays where it is."""
    if max(size) <= max(TILE):
        return tile.resize(size, Image.Resampling.NEAREST)
    sheet = Image.new("RGB", size)
    stretched = tile.resize((tile.width, size[1]), Image.Resampling.NEAREST)
    for left in range(0, size[0], tile.width):
        sheet.paste(stretched, (left, 0))
    return sheet
