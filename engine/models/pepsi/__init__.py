"""PEPSI and Diet-PEPSI: one encoder, a coarse path for training only, patches borrowed by distance.

Y.-G. Shin, M.-C. Sagong, Y.-J. Yeo, S.-W. Kim, S.-J. Ko: "PEPSI++: Fast and Lightweight Network
for Image Inpainting", IEEE Transactions on Neural Networks and Learning Systems, 2021.

The default is the paper's network. Where the paper is silent, or it and the authors' TensorFlow
program disagree:

- the mask enters as one channel, not as three equal ones: same information, fewer weights;
- no 1x1 layer after the attention (the program has one): only so do the paper's parameter counts
  come out; `fuse=True` adds it;
- distances are squared as in the program, whose results the paper shows; `squared=False` does not;
- patches that touch the hole are never borrowed. The program offers them as zeros, which pulls
  dark holes to themselves; `official=True` does that;
- overlapping patches are divided by their true number, not by 9 always: corners of the picture
  would turn dark; `official=True` divides by 9;
- 1e-8 is added to the variance below the root, so that flat features have a gradient;
- the last dilation is 16: table II prints 1, the text and the program say different rates;
- a Diet-PEPSI unit has an ELU after its 3x3 layer and one after the sum: no program shows it, this
  is the usual residual unit with "ELU everywhere";
- the last layer reflects at the border as the paper says of all; the program pads with zeros.
"""

from __future__ import annotations

from engine.models.pepsi.network import PepsiGenerator

__all__ = ["PepsiGenerator"]
