"""A small document and holes of simple shapes."""

from __future__ import annotations

import numpy as np

from app.document import Document
from engine.pictures import Picture

HEIGHT, WIDTH = 300, 400


def document_with(hole: np.ndarray | None = None) -> Document:
    document = Document.new(Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    if hole is not None:
        with document.edit("Paint"), document.touch("mask", document.box) as view:
            view[hole] = 255
    return document


def disc(row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.hypot(rows - row, columns - column) <= radius


def dot(row: int = 150, column: int = 200) -> np.ndarray:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[row, column] = True
    return hole
