"""What inspectors of the demo city find: categories, the scenes that show them, and what is written about them.

All texts are ours. ``{place}`` is filled with an invented street and house number.
"""

from dataclasses import dataclass

from photo_store.drawn import Scene

SCHEME = "gbt30428_2_2013"


@dataclass(frozen=True)
class Matter:
    """One category (minor class) with its scene, wordings of a report, and the note of those who dealt with it.

    ``unit``: the maintenance unit whose business it is where a squad cannot do it by itself.
    """

    code: str
    scene: Scene
    reports: tuple[str, ...]
    remedy: str
    unit: str


MATTERS = (
    Matter(
        "0110",
        Scene.EXPOSED_RUBBISH,
        (
            "{place}垃圾桶旁生活垃圾外溢，约两平方米，有异味。",
            "{place}人行道上有三袋生活垃圾无人清理，已有渗滤液。",
            "{place}巷口暴露垃圾一处，影响居民通行。",
        ),
        "垃圾已清运，地面已冲洗。",
        "环卫所(城东)",
    ),
    Matter(
        "0113",
        Scene.ROAD_DAMAGE,
        ("{place}车行道坑洞一处，直径约六十厘米，夜间易绊倒。", "{place}路面龟裂并有碎石，非机动车需绕行。"),
        "坑洞已用冷补料修补并压实。",
        "市政所",
    ),
    Matter(
        "0405",
        Scene.OUT_OF_SHOP_TRADING,
        ("{place}店铺将货架摆出门外约一米五，占用盲道。", "{place}早点铺店外摆放桌椅，经提醒仍未收回。"),
        "店主已将物品收回店内，现场宣传教育。",
        "交警大队",
    ),
    Matter(
        "0136",
        Scene.PILED_GOODS,
        ("{place}人行道堆放纸箱和木托盘，约占三分之二路幅。", "{place}墙边乱堆建筑材料，无围挡。"),
        "堆放物已由责任人搬离，路面恢复通行。",
        "环卫所(城南)",
    ),
    Matter(
        "0201",
        Scene.SMALL_ADS,
        ("{place}外墙张贴小广告二十余处。", "{place}配电箱与墙面有喷涂小广告，内容为办证开锁。"),
        "小广告已铲除，墙面已用同色涂料覆盖。",
        "环卫所(城东)",
    ),
    Matter(
        "0410",
        Scene.BICYCLE_DISORDER,
        ("{place}共享单车乱停放约三十辆，堵住人行道。", "{place}公交站旁非机动车倒伏，影响乘客上下车。"),
        "车辆已归入停放区，已通知运营企业加派人员。",
        "交警大队",
    ),
    Matter(
        "0506",
        Scene.WATERLOGGING,
        ("{place}雨后积水约十厘米深，雨水箅子疑似堵塞。", "{place}低洼处积水长约八米，行人无法通过。"),
        "雨水箅子已疏通，积水已排净。",
        "水务公司",
    ),
    Matter(
        "0508",
        Scene.HANGING_CABLE,
        ("{place}架空线缆脱落，离地不足两米，现场已临时警示。", "{place}通信线缆下垂至人行道上方，存在隐患。"),
        "权属单位已重新固定线缆，净空恢复。",
        "通信联合机房",
    ),
    Matter(
        "0505",
        Scene.BROKEN_MANHOLE,
        ("{place}检查井周边路面塌陷，井盖破损移位。", "{place}井盖缺角并下沉约五厘米，车辆经过有异响。"),
        "井盖已更换，周边路面已回填。",
        "市政所",
    ),
    Matter(
        "0117",
        Scene.FALLEN_TREE,
        ("{place}行道树被风吹倒，压占绿地和半幅人行道。", "{place}绿化带内断枝落叶成堆，未及时清运。"),
        "倒伏树木已锯断清运，绿地已整理。",
        "园林所",
    ),
)
CHECKED = "现场核查，问题已解决。"
FAILED_CHECK = "现场核查，仍有残留，未达到结案标准。"
REDO_REASON = "核查照片显示现场仍有残留，请重新处置。"
RETURN_REASONS = ("近景模糊，看不清门牌号，请补拍。", "参照物不足，无法确认与整改前为同一地点。")
