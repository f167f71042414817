"""Lays a fill into the picture: light and colour at the seam, grain, and a soft edge.

All of it changes pixels of the hole only. `names` are the switches of a run; `seam` and `membrane`
carry light and colour across the border, `grain` gives smooth fills the grain around them, `steps`
does what a run asks for, and `edge` mixes the fill with what was there where the mask is soft.
"""
