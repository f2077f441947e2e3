"""Placeholders of Cypher scripts: ``${nm:key}`` (the compatibility reference, §2.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\$\{nm:([a-zA-Z0-9_.\-]++)\}")


def substitute(
    text: str, values: Mapping[str, str], unresolved: dict[str, None]
) -> str:
    """Replace placeholders literally, once; values are not searched again.

    Names without a value stay in the text and are added to ``unresolved``, a set
    that keeps the order of first appearance.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] in values:
            return values[match[1]]
        unresolved[match[1]] = None
        return match[0]

    return _PLACEHOLDER.sub(value, text) if "${nm:" in text else text
