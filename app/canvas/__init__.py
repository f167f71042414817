"""The canvas: shows the document through tiles and turns events into strokes."""

from __future__ import annotations

from app.canvas.view import CanvasView

__all__ = ["CanvasView"]
