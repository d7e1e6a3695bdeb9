"""Bad items by what is wrong with them: what a broken app, a flipped bit or an attacker could put into a push."""

from typing import Any
from uuid import uuid4

from support.field import photo, report
from support.kinds import addition, correction, punch, self_handled, walk


def position(**changed: object) -> dict[str, Any]:
    return report(position={"lon": 123.5, "lat": 30.5, "crs": "wgs84", **changed})


def photos(*declared: object) -> dict[str, Any]:
    return report(photos=list(declared))


def event(**changed: object) -> dict[str, Any]:
    return {"task_id": str(uuid4()), "assignment_no": 1, "event": "done", **changed}


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


# What stands in the list `items` is no item at all.
ELEMENTS: dict[str, object] = {
    "null": None,
    "a number": 7,
    "a number without end": 1e400,
    "not a number": float("nan"),
    "an empty text": "",
    "a NUL": "\0",
    "half a surrogate pair": "\ud83d",
    "an empty list": [],
    "a list in a list": [[["x"]]],
    "an empty object": {},
    "an id alone": {"id": str(uuid4())},
    "an id that is no UUID": {"id": "119", "body": "{}", "h": "0" * 64},
    "a body that is no text": {"id": str(uuid4()), "body": {"kind": "report"}},
    "members with surrogates": {"\ud800": "\udfff", "id": "\0"},
}

# Members beside a sound body: slug of the quarantine.
HEADS: dict[str, tuple[dict[str, Any], str]] = {
    "h missing": ({"h": None}, "not-an-item"),
    "h in capitals": ({"h": "A" * 64}, "not-an-item"),
    "no signature": ({"sig": None}, "bad-signature"),
    "a signature of zeros": ({"sig": {"alg": "ES256", "value": "A" * 86}}, "bad-signature"),
    "a signature without an algorithm": ({"sig": {"value": "A" * 86}}, "bad-signature"),
    "a signature that is no base64": ({"sig": {"alg": "ES256", "value": "\0街"}}, "bad-signature"),
    "another id outside": ({"id": str(uuid4())}, "head-mismatch"),
    "another dseq outside": ({"dseq": 10**6}, "head-mismatch"),
    "another kind outside": ({"kind": "\0"}, "head-mismatch"),
    "another version outside": ({"kv": 2**70}, "head-mismatch"),
    "another officer outside": ({"officer_id": "\ud800"}, "head-mismatch"),
}

# Texts instead of a body.
TEXTS: dict[str, str] = {
    "no text": "",
    "no JSON": "{",
    "a NUL in the text": '{"description": "\0"}',
    "half a surrogate pair in the text": '{"description": "\ud83d"}',
    "a list": "[]",
    "a number without end": "1e400",
    "not a number": '{"dseq": NaN}',
    "a hundred thousand levels": nested(100_000),
    "a hundred thousand digits": '{"dseq": ' + "9" * 100_000 + "}",
    "200 kB of one word": '"' + "x" * 200_000 + '"',
    "a body over 256 KiB": '"' + "x" * (256 * 1024) + '"',
}

# Payloads of a soundly signed report.
PAYLOADS: dict[str, object] = {
    "an empty payload": {},
    "no category": report(category=None),
    "a bare code": report(category="0110"),
    "a category without a scheme": report(category={"code": "0110"}),
    "a scheme of 200 kB": report(category={"scheme": "s" * 200_000, "code": "0110"}),
    "a NUL in the description": report(description="a\0b"),
    "half a surrogate pair in the description": report(description="\ud83d"),
    "a description of 100 kB": report(description="x" * 100_000),
    "a description that is an object": report(description={"text": "x"}),
    "no position": report(position=None),
    "a place east of everything": position(lon=200),
    "a place north of the pole": position(lat=90.0001),
    "a longitude without end": position(lon=1e400),
    "a latitude that is a text": position(lat="north"),
    "a coordinate system that nobody knows": position(crs="mars2000"),
    "an accuracy below zero": position(accuracy_m=-1),
    "a NUL in the provider": position(provider="g\0"),
    "a list as mock": position(mock=[]),
    "photos that are no list": report(photos="none"),
    "a photo that is a hash": photos("0" * 64),
    "a photo without a hash": photos({"role": "near"}),
    "a photo with a hash in capitals": photos({"role": "near", "sha256": "A" * 64}),
    "a photo with a role that nobody knows": photos({"role": "sideways", "sha256": "0" * 64}),
    "a photo larger than any disk": photos({"role": "near", "sha256": "0" * 64, "size": 2**63}),
    "a photo with a size without end": photos({"role": "near", "sha256": "0" * 64, "size": 1e400}),
    "101 photos": photos(*[{"role": "near", "sha256": "0" * 64}] * 101),
}

EVENTS: dict[str, object] = {
    "a task that is no UUID": event(task_id="\0"),
    "an assignment without end": event(assignment_no=1e400),
    "an assignment beyond a table's numbers": event(assignment_no=2**31),
    "an event that nobody knows": event(event="burnt"),
    "half a surrogate pair in the note": event(note="\ud83d"),
    "a result that nobody knows": event(result="perhaps"),
}

_NOWHERE = {"lon": 1e400, "lat": 0, "crs": "wgs84"}
_ONE_SIDE = [photo(1).declared("after")]
_REPORT = {"id": str(uuid4()), "h": "0" * 64}

# Kind and payload of soundly signed items of the other kinds.
OTHER_KINDS: dict[str, tuple[str, object]] = {
    "nothing fixed": ("self_handled", {**self_handled(photo(1), photo(2)), "measure": ""}),
    "only one side shown": (
        "self_handled",
        {**self_handled(photo(1), photo(2)), "photos": [photo(1).declared("after")]},
    ),
    "a correction of nothing": ("amend", correction(_REPORT)),
    "a correction without a target": ("amend", {"changes": {"description": "x"}, "reason": None}),
    "a correction of what is no hash": ("amend", correction({**_REPORT, "h": "A" * 64}, description="x")),
    "a correction with a NUL": ("amend", correction(_REPORT, description="a\0b")),
    "a correction to a place nowhere": (
        "amend",
        correction(_REPORT, position={"lon": 1e400, "lat": 0, "crs": "wgs84"}),
    ),
    "photographs for two targets": ("evidence", addition(photo(1), case_id=str(uuid4()), task_id=str(uuid4()))),
    "photographs for no target": ("evidence", addition(photo(1))),
    "no photographs at all": ("evidence", addition(case_id=str(uuid4()))),
    "a clocking that is neither": ("shift", punch("sideways")),
    "a clocking at no place": ("shift", punch("in", position={"lon": 181, "lat": 0, "crs": "wgs84"})),
    "a track without points": ("track", walk(0)),
    "a track of 121 points": ("track", walk(121)),
    "a track without a system": ("track", walk(crs=None)),
    "a track that is a text": ("track", {"crs": "wgs84", "points": "here"}),
}
