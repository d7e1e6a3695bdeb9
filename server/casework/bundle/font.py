"""The Chinese font of what is printed or stamped; the front end's build puts it there.

Apart from the sheet: writing a PDF brings the largest packages of all with it, and few processes ever write one.
"""

from pathlib import Path

FONT_FILE = Path(__file__).parents[2] / "static/dist/fonts/NotoSansSC_400Regular.ttf"
