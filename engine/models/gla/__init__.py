"""MPGA + GLA: a coarse network with global attention, a fine one with attention between patches.

S. M. Nadim Uddin and Yong Ju Jung, "Global and Local Attention-Based Free-Form Image Inpainting",
Sensors 2020, 20(11), 3204. Layers, strides, input channels, fuse step and scale follow the authors'
program of the paper (branch `sensor_version`), since the paper's tables do not fit together.

`preset="paper"` (the default) computes the formulas as the paper means them. The program was
written for masks with 1 = known but fed with 1 = hole, so its weights learnt something else;
`preset="released"` computes that, for imported weights. Where the default departs from both:

- the input is mended with the coarse output before the second stage (program), and five channels go
  in, the constant one included (program), so that imported weights fit;
- pruned entries keep the logit 0, as equations 2 and 3 say; `strict=True` leaves them out;
- new weights start as He et al. 2015 say (program: PyTorch's way, which learns far slower);
- each sample has its own mask; the program uses the first one's for the whole batch;
- the scalars `gamma` and `beta_2` belong to the released formulas only and rest otherwise.
"""

from __future__ import annotations

from engine.models.gla.network import GlaGenerator

__all__ = ["GlaGenerator"]
