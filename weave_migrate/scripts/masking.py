"""Values of placeholders may be secrets; servers repeat them in what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORTEST = 3  # characters; masking shorter values would make texts unreadable


def mask_values(text: str, placeholders: Mapping[str, str], form: str) -> str:
    """Put placeholders back where their values are shown.

    ``form`` is how one is written, with ``{}`` for its name: ``${nm:{}}`` has to be
    given as ``${{nm:{}}}``.
    """
    longest_first = sorted(placeholders.items(), key=lambda pair: -len(pair[1]))
    for name, value in longest_first:
        if len(value) >= _SHORTEST:
            text = text.replace(value, form.format(name))
    return text
