"""The one place where a photograph's bytes are decoded: in a child that can do nothing else.

``decode`` is what the rest of the package calls. The children are shared by all threads of the process and end with it.
Imports no Pillow: this process never needs it.
"""

import atexit
from functools import cache

from photo_store.inspect_image import ImageFacts
from photo_store.sandbox import ChildLost, Parcel, Sandbox, SandboxUnavailable, TaskRefused

__all__ = ["DecodeLost", "DecoderUnavailable", "NotDerivable", "decode", "seen"]


class NotDerivable(Exception):
    """The original cannot be shown (damaged, not a picture, over the limits); it stays evidence as it is."""


class DecodeLost(NotDerivable):
    """Decoding crashed or took too long: most probably the picture's fault, and worth a second attempt at most."""


class DecoderUnavailable(Exception):
    """No decoder can be started on the machine now; says nothing about the picture."""


def decode(task: str, parcel: Parcel) -> Parcel:
    """Run one of ``decode_tasks.TASKS``. Raises NotDerivable, DecodeLost, DecoderUnavailable."""
    try:
        return _children().run(task, parcel)
    except TaskRefused as refusal:
        raise NotDerivable(str(refusal)) from refusal
    except ChildLost as loss:
        message = f"the picture cannot be decoded: {loss}"
        raise DecodeLost(message) from loss
    except SandboxUnavailable as error:
        raise DecoderUnavailable(str(error)) from error


def seen(image: ImageFacts) -> dict[str, str | int]:
    """Return what a decoder must be told of a picture that was inspected: its type and how it lies."""
    return {"media_type": image.media_type, "orientation": image.orientation}


@cache
def _children() -> Sandbox:
    sandbox = Sandbox("photo_store.decode_tasks")
    atexit.register(sandbox.close)
    return sandbox
