"""PEN-Net: a pyramid-context encoder network, with attention carried from deep to shallow."""

from engine.models.pennet.network import PennetGenerator

__all__ = ["PennetGenerator"]
