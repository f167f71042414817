"""Filling holes in pictures: backends, pipeline, jobs, picture files. Knows nothing of windows."""

from __future__ import annotations

__version__ = "0.1.0"
