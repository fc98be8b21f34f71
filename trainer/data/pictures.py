"""Pictures as people have them, and as arrays of bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_GREY = ("1", "L", "LA", "I;16", "I;16B", "I;16L")


def is_picture(value: object) -> bool:
    """Whether ``opened`` could take it, as far as its type tells."""
    from PIL.Image import Image

    if isinstance(value, Mapping):
        return any(value.get(key) is not None for key in ("bytes", "path"))
    return isinstance(value, str | Path | bytes | Image) or hasattr(value, "__array_interface__")


def opened(value: Any, base: Path | None = None) -> Image:
    """A picture, decoded, and turned as its EXIF data say.

    Args:
        value: a PIL image; its encoded bytes; a path; Hugging Face's ``{bytes, path}``; or an array of bytes
            ``(height, width)``, ``(height, width, 1)`` or ``(height, width, 3)``.
        base: where relative paths start.

    Raises:
        ValueError: it cannot be read; says why.
    """
    from PIL import Image, ImageOps

    if isinstance(value, Mapping):
        value = value.get("bytes") if value.get("bytes") is not None else value.get("path")
    if value is None or (isinstance(value, str) and not value):
        raise ValueError("the picture is missing")
    if hasattr(value, "__array_interface__") and not isinstance(value, Image.Image):
        return _of_array(value)
    try:
        if isinstance(value, bytes):
            value = Image.open(io.BytesIO(value))
        elif isinstance(value, str | Path):
            path = (base or Path()) / value
            value = Image.open(io.BytesIO(path.read_bytes()))  # no file stays open
        if not isinstance(value, Image.Image):
            raise ValueError(f"{type(value).__name__} is no picture")
        value.load()
    except FileNotFoundError as error:
        raise ValueError(f"{error.filename} is not there") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        name = f"{value}: " if isinstance(value, str | Path) else ""
        raise ValueError(f"{name}cannot be decoded as a picture: {str(error).splitlines()[0]}") from None
    turned: Image.Image = ImageOps.exif_transpose(value)
    return turned


def channels_of(image: Image) -> int:
    """1 for shades of grey, 3 for colours."""
    return 1 if image.mode in _GREY else 3


def converted(image: Image, channels: int) -> Image:
    """In shades of grey or in colours, a byte each. Transparency is dropped; of 16 bits the upper 8 stay.

    Raises:
        ValueError: pixels of 32 bits: what they mean is not known.
    """
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of 32 bits (mode {image.mode})")
    if image.mode.startswith("I;16"):
        import numpy as np
        from PIL import Image as pillow

        image = pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("L" if channels == 1 else "RGB")


def resized(image: Image, shape: tuple[int, ...]) -> np.ndarray:
    """A picture as bytes of this shape ``(channels, height, width)``, bilinear and smoothed where it shrinks.

    Raises:
        ValueError: as ``converted``.
    """
    import numpy as np
    from PIL.Image import Resampling

    channels, height, width = shape
    image = converted(image, channels)
    if image.size != (width, height):
        image = image.resize((width, height), Resampling.BILINEAR)
    pixels = np.asarray(image)
    found: np.ndarray = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return found


def _of_array(value: Any) -> Image:
    import numpy as np
    from PIL import Image

    pixels = np.asarray(value)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        what = f"an array of {pixels.dtype} of shape {pixels.shape}"
        raise ValueError(f"{what} is no picture: expected uint8 of (height, width), or with 1 or 3 channels behind")
    return Image.fromarray(pixels)
