"""What an unquoted word in YAML means here.

YAML 1.1's booleans (``no``, ``off``, ``yes``, ``on``) and nulls, and numbers as people write them: ``1e-4``
is one. What YAML 1.1 makes of ``1:30`` (90, base 60), ``010`` (8) and dates is left alone: ``10`` and texts.
"""

from __future__ import annotations

import re

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {
    spelling: value
    for word, value in {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}.items()
    for spelling in (word, word.capitalize(), word.upper())
}
DECIMAL = re.compile(r"[-+]?[0-9](?:_?[0-9])*\Z")
PREFIXED = re.compile(r"[-+]?0(?:x[0-9a-fA-F]+|o[0-7]+|b[01]+)\Z")
REAL = re.compile(r"[-+]?(?:[0-9](?:_?[0-9])*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
MOST_DIGITS = 300

Scalar = str | int | float | bool | None


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        ValueError: a number of more than 300 digits.
    """
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if SPECIAL.match(text):
        return float(text.replace(".", "", 1))
    if not (text[0].isdigit() or text[0] in "+-."):
        return text
    if PREFIXED.match(text):
        return int(text, 0)
    if not REAL.match(text):
        return text
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text) if DECIMAL.match(text) else float(text)


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with one of YAML's own tags, such as ``!!float 1``.

    Raises:
        ValueError: another tag, or a text that does not fit its tag.
    """
    kind = tag.removeprefix("tag:yaml.org,2002:")
    value = plain(text)
    if kind == "str":
        return text
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if (kind == "int" and type(value) is int) or (kind == "bool" and type(value) is bool):
        return value
    if kind == "null" and value is None:
        return None
    raise ValueError(f"the tag {kind} on {text!r}")
