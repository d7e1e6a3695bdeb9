"""sheet.pdf: the case and its photographs as a court reads them, in Chinese (来源、制作人、制作时间、证明对象).

Administrative evidence provisions (最高法 2002), articles 12 and 15: origin, maker, time, object of proof. The sheet
is bound into the custody log like every other file of the bundle, but it proves nothing by itself.
"""

import io
import logging
from contextlib import suppress
from datetime import datetime
from textwrap import shorten
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import WrapMode

from photo_store.blobs import BlobError, BlobStore, rendition_key
from photo_store.derive import RECIPE
from server.casework.bundle.documents import Export
from server.casework.bundle.font import FONT_FILE
from server.casework.bundle.originals import Original
from server.evidence.records import EvidenceRecord
from server.progress import Told

# Tells each step of cutting the font down, for every bundle.
logging.getLogger("fontTools").setLevel(logging.WARNING)

_FONT = "noto"
_MARGIN, _PICTURE, _LINE = 15.0, 48.0, 4.6  # millimetres
_MOST_SHOWN = 160  # letters of the description beside each photograph; the head has all of it
_BLOCK = 62.0  # what a photograph needs: it is not torn apart at the end of a page

ROLES = {
    "near": "近景",
    "far": "远景",
    "reference": "参照景",
    "before": "处置前",
    "after": "处置后",
    "check": "核查",
}
STAGES = {"report": "上报", "disposal": "处置", "check": "核查"}
CAPACITIES = {
    "collector": "信息采集员",
    "enforcement_officer": "执法人员",
    "assistant": "协管员（线索，不具证据等级）",
}
SOURCES = {"camera": "现场拍摄", "gallery": "从终端相册选取"}
CERTAINTIES = {"exact": "准确", "estimated": "估计", "contradicted": "自相矛盾", "unknown": "未知"}


class FontMissing(Exception):
    """The Chinese font is a product of the front end's build; the sentence says what to do."""


class Sheet(FPDF):
    """A page with a foot that numbers it and names the case."""

    def __init__(self, subject: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        if not FONT_FILE.is_file():
            raise FontMissing("The Chinese font of the sheet is missing: run `make build`, which puts it there.")
        self._subject = subject
        self.set_creation_date(made_at)
        self.set_title(f"证据清单 {subject}")
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.add_font(_FONT, fname=FONT_FILE)
        self.set_font(_FONT, size=9)
        self.add_page()

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-11)
        self.set_font(_FONT, size=7)
        self.cell(0, 5, f"{self._subject} · 第 {self.page_no()} 页", align="C")
        self.set_font(_FONT, size=9)

    def fact(self, label: str, text: str, left: float = _MARGIN) -> None:
        """Write one labelled line, wrapped where it is long."""
        self.set_x(left)
        self.cell(24, _LINE, label)
        self.multi_cell(0, _LINE, text or "—", align="L", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT")


def sheet(export: Export, zone: ZoneInfo, store: BlobStore, told: Told) -> bytes:
    """Return the PDF, its times in ``zone``. Raises FontMissing."""
    case, shots = export.found.page.case, export.found.page.evidence
    pdf = Sheet(case.case_no or str(case.id), export.made_at)
    _head(pdf, export, zone)
    for number, shot in enumerate(shots, 1):
        if pdf.will_page_break(_BLOCK):
            pdf.add_page()
        top = pdf.get_y()
        _thumbnail(pdf, export.originals[shot.sha256], top, store)
        pdf.set_y(top)
        _photograph(pdf, f"{number} / {len(shots)}", shot, export, zone)
        pdf.set_y(max(pdf.get_y(), top + _PICTURE) + 4)
        told("sheet written", number, len(shots))
    return bytes(pdf.output())


def _head(pdf: Sheet, export: Export, zone: ZoneInfo) -> None:
    case, names = export.found.page.case, export.found.names
    pdf.set_font(_FONT, size=16)
    pdf.cell(0, 11, "电子数据证据清单", align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, size=9)
    pdf.fact("案件编号", case.case_no or "（未立案）")
    pdf.fact("案件标识", str(case.id))
    pdf.fact("类别", f"{case.category_name or ''} {case.scheme} {case.category_code}")
    pdf.fact("描述", case.description)
    pdf.fact("位置", f"{case.lon:.6f}, {case.lat:.6f}（{case.crs}）")
    pdf.fact("管辖", names.get(case.agency_id, ""))
    pdf.fact("上报人", names.get(case.reporter_id, ""))
    pdf.fact("导出人", export.maker.name)
    pdf.fact("导出时间", _local(export.made_at, zone))
    pdf.fact("照片", f"共 {len(export.found.page.evidence)} 张")
    pdf.ln(2)
    pdf.set_font(_FONT, size=8)
    note = (
        "本清单供阅读。原始文件、终端签名、存证日志与验证程序在同一压缩包内，"
        "以 python3 verify.py 案件.zip --log-key 日志公钥 验证。"
    )
    pdf.multi_cell(0, _LINE, note, align="L", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, size=9)
    pdf.ln(3)


def _photograph(pdf: Sheet, number: str, shot: EvidenceRecord, export: Export, zone: ZoneInfo) -> None:
    left, original = _MARGIN + _PICTURE + 4, export.originals[shot.sha256]
    case, names = export.found.page.case, export.found.names
    role, stage = ROLES.get(shot.role, shot.role), STAGES.get(shot.stage, shot.stage)
    captured = shot.captured_at_corrected or shot.captured_at
    certainty = CERTAINTIES.get(shot.certainty or "unknown", shot.certainty or "")
    pdf.fact("照片", f"{number}　{role}", left)
    pdf.fact("来源", f"终端“{names.get(shot.install_id, '')}”，{SOURCES.get(shot.source or '', '来源未说明')}", left)
    capacity = CAPACITIES.get(shot.capacity, shot.capacity)
    pdf.fact("制作人", f"{names.get(shot.officer_id, '')}（{capacity}）", left)
    pdf.fact("制作时间", f"{_local(captured, zone)}（校正后，{certainty}）", left)
    received = None if original.photo is None else original.photo.received_at
    pdf.fact("收到时间", _local(received, zone), left)
    pdf.fact(
        "证明对象",
        f"{stage}阶段，{case.category_name or case.category_code}：{shorten(case.description, _MOST_SHOWN)}",
        left,
    )
    pdf.fact("文件", original.file or f"不在包内：{original.absent}", left)
    pdf.fact("SHA-256", shot.sha256, left)


def _thumbnail(pdf: Sheet, original: Original, top: float, store: BlobStore) -> None:
    pdf.rect(_MARGIN, top, _PICTURE, _PICTURE)
    if original.photo is None or original.photo.derived_recipe != RECIPE:
        return
    # A picture that cannot be shown small is still in the bundle, whole: the frame stays empty.
    with suppress(BlobError), store.open(rendition_key(original.sha256, "thumbnail", RECIPE)) as stream:
        size = (_PICTURE, _PICTURE)
        pdf.image(io.BytesIO(stream.read()), _MARGIN, top, *size, keep_aspect_ratio=True)


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return "—" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
