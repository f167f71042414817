"""Filling holes in pictures: backends, pipeline, jobs, picture files. Knows nothing of windows."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# Torch's threads wait for each other by burning their cores. Beside another busy program that made
# a network ten times slower on two cores (IConv at 256 px: 3.0 s instead of 0.3 s); on an idle
# machine waiting asleep costs some (0.18 s instead of 0.15 s). OpenMP reads this once, when torch
# is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
