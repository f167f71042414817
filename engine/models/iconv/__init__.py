"""IConv: convolutions that guess their missing inputs, in one stage from picture to picture.

Hukkelås, Lindseth, Mester: Image Inpainting with Learnable Feature Imputation, 2020.

Beside its features every layer carries one certainty per pixel; where it is low, a learned average
of the certain neighbours (Equation 4) takes the features' place before the convolution.

What we build, where paper and released program differ:
- Certainty is 2 * sigmoid - 1 + 1e-6, not sigmoid, which would call an unknown pixel half known.
- Guesses come from 5x5 windows, from 3x3 ones at the two coarsest levels, as in released weights.
- The denominator of Equation 4 has 0.01 added, and the guess a bias: released weights need both.
- Guesses start as random weights times sqrt(channels)/kernel; `impute_init="mean"` starts them as
  the plain average, which new trainings may prefer.
- Encoder pooling weighs by certainty, as the text says; `pool="plain"` is for released weights.
- The sum of the RGB heads is divided by their number, as released weights need.
- A pose fills 16 channels at 4x4; the paper's 32 are those of the latent.
- The first layer does not impute: what it guessed in a hole is multiplied by certainty 0 after it.
  Its filter is kept so that released weights fit, and never gets a gradient, nor does the certainty
  filter of the last layer, which nothing reads.
"""

from engine.models.iconv.generator import IconvGenerator

__all__ = ["IconvGenerator"]
