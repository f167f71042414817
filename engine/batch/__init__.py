"""Whole folders: settings, a plan that is shown before anything starts, a run, a report.

config = BatchConfig(images="scans", masks="masks", output="clean")
plan = yield from planned(config, token)         # pairs, orphans, warnings, names
run = BatchRun(plan)                              # pause, unpause, progress, rows, report
report = yield from run.steps(token)
"""

from __future__ import annotations

from engine.batch.cluster import Scheduler
from engine.batch.config import ALPHA, BatchConfig, OnExisting, check
from engine.batch.config import load as load_settings
from engine.batch.config import save as save_settings
from engine.batch.items import Counts, Item, Plan, lacks_mask
from engine.batch.naming import text_of
from engine.batch.outlook import BatchProgress, duration
from engine.batch.planning import plan as planned
from engine.batch.report import Report, Row
from engine.batch.report import load as load_report
from engine.batch.running import REPORT, BatchRun, retry

__all__ = [
    "ALPHA",
    "REPORT",
    "BatchConfig",
    "BatchProgress",
    "BatchRun",
    "Counts",
    "Item",
    "OnExisting",
    "Plan",
    "Report",
    "Row",
    "Scheduler",
    "check",
    "duration",
    "lacks_mask",
    "load_report",
    "load_settings",
    "planned",
    "retry",
    "save_settings",
    "text_of",
]
