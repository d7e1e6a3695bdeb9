"""The problems that can be drawn and the distances they can be drawn from. Words only."""

from enum import StrEnum

__all__ = ["Phase", "Scene", "Shot"]


class Scene(StrEnum):
    """A problem as GB/T 30428.2 names its minor class (here by meaning, not by code)."""

    EXPOSED_RUBBISH = "exposed_rubbish"  # 暴露垃圾
    ROAD_DAMAGE = "road_damage"  # 道路破损
    OUT_OF_SHOP_TRADING = "out_of_shop_trading"  # 店外经营
    PILED_GOODS = "piled_goods"  # 乱堆物堆料
    SMALL_ADS = "small_ads"  # 非法小广告
    BROKEN_MANHOLE = "broken_manhole"  # 井盖破损
    WATERLOGGING = "waterlogging"  # 道路积水
    FALLEN_TREE = "fallen_tree"  # 树木倒伏
    HANGING_CABLE = "hanging_cable"  # 架空线缆损坏
    BICYCLE_DISORDER = "bicycle_disorder"  # 非机动车乱停放


class Phase(StrEnum):
    """Before: the problem is there. After: the same street without it."""

    BEFORE = "before"
    AFTER = "after"


class Shot(StrEnum):
    """Near: the problem fills the picture. Far: with the street around it. Reference: from farther back."""

    NEAR = "near"
    FAR = "far"
    REFERENCE = "reference"
