"""The open picture, its mask and its history; no Qt in here."""

from __future__ import annotations

from app.document.document import Document
from app.document.history import Edit, EditKind, History
from app.document.tiles import Layer

__all__ = ["Document", "Edit", "EditKind", "History", "Layer"]
