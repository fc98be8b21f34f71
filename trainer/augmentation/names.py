"""Which steps of ``augment`` are for what. Imports nothing: tasks refuse settings before torch is there."""

from __future__ import annotations

PICTURE_STEPS = ("flip", "crop", "zoom", "rotate", "randaugment", "magnitude", "color_jitter", "erase")
"""For pictures."""

TOKEN_STEPS = ("token_dropout",)
"""For texts."""

OWN_STEP = ("function", "strength")
"""For both: a function of one's own."""
