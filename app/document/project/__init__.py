"""Project files: a picture with its masks, results, undo steps and view in one file.

The format is described in docs/project-file.md; a file of format 1 opens for ever.
"""

from app.document.project.facts import SUFFIX, Method, View
from app.document.project.parts import ProjectError
from app.document.project.reading import OpenedProject, open_project
from app.document.project.snapshot import KeptResult, Snapshot, take_snapshot
from app.document.project.writing import write_project

__all__ = [
    "SUFFIX",
    "KeptResult",
    "Method",
    "OpenedProject",
    "ProjectError",
    "Snapshot",
    "View",
    "open_project",
    "take_snapshot",
    "write_project",
]
