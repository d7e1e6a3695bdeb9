"""What a picture looks like that no camera took: the sizes of screens and the names of editing programs. Pure data."""

# Camera pictures are 4:3, 3:2 or 16:9 (which film and old screens share); phones since 2017 are longer than that.
_LONGER_THAN_CAMERAS = 1.9
_PHONE_WIDTHS = {
    *(640, 720, 750, 828, 1080, 1125, 1170, 1179, 1206, 1220, 1224),
    *(1240, 1242, 1260, 1264, 1280, 1284, 1290, 1320, 1344, 1440),
}
_DESKTOPS = {(1366, 768), (1440, 900), (1536, 864), (1680, 1050), (1920, 1200), (2560, 1600), (2880, 1800)}
# Lower case; found anywhere in Exif's Software. A phone's own camera writes its firmware there, never these.
_EDITORS = (
    *("screenshot", "screen capture", "snipping", "截屏", "截图"),
    *("photoshop", "lightroom", "gimp", "pixelmator", "affinity", "paint.net", "snapseed", "picsart", "facetune"),
    *("meitu", "美图", "醒图", "wechat", "微信"),
)


def looks_like_a_screen(width: int, height: int) -> bool:
    """Tell whether pixels as shown are those of a phone's screen, upright or lying, or of a desktop's."""
    short, long = sorted((width, height))
    if (width, height) in _DESKTOPS:
        return True
    return short in _PHONE_WIDTHS and long / short >= _LONGER_THAN_CAMERAS


def names_an_editor(software: str | None) -> str | None:
    """Return the program as the file names it if it is one that edits or captures screens, else None."""
    told = (software or "").lower()
    return software if any(name in told for name in _EDITORS) else None
