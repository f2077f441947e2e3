"""Generated input: no deadlines, since a busy machine is not a failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("weave", deadline=None)
settings.load_profile("weave")
