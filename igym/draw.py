"""What a `draw` function returns: shapes in relative coordinates. See `igym.sim.draw`."""

from igym.sim.draw import Shape, arc, circle, ellipse, line, polygon, rect, sprite, text

__all__ = ["Shape", "arc", "circle", "ellipse", "line", "polygon", "rect", "sprite", "text"]
