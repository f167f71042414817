"""The rows of the registry: every backend that Lacuna ships, in the order of the menus."""

from __future__ import annotations

from functools import partial

from engine.backend import BackendSpec, Option

_RADIUS = Option(
    name="radius",
    label="Radius",
    default=2,
    low=1,
    high=20,
    help="How far around a pixel known colours are gathered, in pixels; larger is softer, slower.",
)

_PATCHMATCH = (
    Option(
        name="effort",
        label="Effort",
        default="normal",
        choices=("fast", "normal", "thorough"),
        help="Rounds of search: fast takes two thirds of the time, thorough three to five times.",
    ),
    Option(
        name="patch",
        label="Patch size",
        default=7,
        low=3,
        high=15,
        help="Side of the squares that are compared, in pixels; larger keeps coarse patterns.",
    ),
    Option(
        name="texture",
        label="Texture",
        default=1.6,
        low=0.0,
        high=8.0,
        help="How much roughness counts against colour; lower makes smoother fills.",
    ),
    Option(
        name="seams",
        label="Even out seams",
        default=True,
        help="Match the brightness of neighbouring pieces; off copies every pixel exactly.",
    ),
)

_LATENT = Option(
    name="latent",
    label="Variation",
    default="zero",
    choices=("zero", "random"),
    help="zero gives the most likely fill; random another one for every seed.",
)

_POINTS = (
    "Nose",
    *("Left eye", "Right eye"),
    *("Left ear", "Right ear"),
    *("Left shoulder", "Right shoulder"),
)

_KEYPOINTS = Option(
    name="keypoints",
    label="Keypoints",
    default="",
    help="Seven x,y pairs, 0..1 of the filled crop: nose, eyes, ears, shoulders; empty = unknown.",
)

_PEPSI = "Shin, Sagong, Yeo, Kim, Ko 2020: PEPSI++ (Sagong et al. 2019: PEPSI)"
_ICONV = "Hukkelås, Lindseth, Mester 2020: Image Inpainting with Learnable Feature Imputation"

_generator = partial(
    BackendSpec,
    kind="gan",
    factory="engine.gan:GanInpainter",
    native_side=256,
    context=0.5,  # the papers' largest holes are half a side wide
    min_context=96,
    bytes_per_pixel=4000,
    fixed_bytes=400_000_000,
)

ROWS = (
    BackendSpec(
        id="auto",
        label="Automatic",
        promise="Smooth continuation for hairlines, copied texture for everything wider",
        kind="classical",
        factory="engine.auto:Auto",
        bytes_per_pixel=72,
        copies=True,
        heeds_forbidden=True,
    ),
    BackendSpec(
        id="patchmatch",
        label="PatchMatch",
        promise="Copies real texture from the rest of the photograph; best for objects",
        kind="classical",
        factory="engine.models.patchmatch:PatchMatch",
        paper="Wexler, Shechtman, Irani 2007; Barnes et al. 2009; Newson et al. 2014",
        options=_PATCHMATCH,
        bytes_per_pixel=96,
        drawn={},
        copies=True,
        heeds_forbidden=True,
    ),
    BackendSpec(
        id="telea",
        label="Telea",
        promise="Smooth continuation in an instant; for scratches and specks",
        kind="classical",
        factory="engine.models.opencv:telea",
        paper="Telea 2004",
        options=(_RADIUS,),
        context=0.1,
        min_context=24,
        bytes_per_pixel=72,
    ),
    BackendSpec(
        id="navier-stokes",
        label="Navier-Stokes",
        promise="Carries lines of equal brightness across thin scratches and wires",
        kind="classical",
        factory="engine.models.opencv:navier_stokes",
        paper="Bertalmio, Bertozzi, Sapiro 2001",
        options=(_RADIUS,),
        context=0.1,
        min_context=24,
        bytes_per_pixel=72,
    ),
    _generator(
        id="pepsi",
        label="PEPSI",
        promise="One encoder, one decoder, attention on whole patches; fast for its size",
        network="engine.models.pepsi:PepsiGenerator",
        heeds_forbidden=True,
        paper=_PEPSI,
        multiple=8,
        parameters=3_524_019,
    ),
    _generator(
        id="diet-pepsi",
        label="Diet-PEPSI",
        promise="PEPSI with one set of dilated weights for all rates; a third smaller",
        network="engine.models.pepsi:PepsiGenerator",
        heeds_forbidden=True,
        configuration={"diet": True},
        paper=_PEPSI,
        multiple=8,
        parameters=2_542_003,
    ),
    _generator(
        id="diet-pepsi-g2",
        label="Diet-PEPSI, 2 groups",
        promise="Diet-PEPSI with its dilated layers in two groups; half of PEPSI",
        network="engine.models.pepsi:PepsiGenerator",
        heeds_forbidden=True,
        configuration={"diet": True, "groups": 2},
        paper=_PEPSI,
        multiple=8,
        parameters=1_853_875,
    ),
    _generator(
        id="diet-pepsi-g4",
        label="Diet-PEPSI, 4 groups",
        promise="The smallest PEPSI, its dilated layers in four groups",
        network="engine.models.pepsi:PepsiGenerator",
        heeds_forbidden=True,
        configuration={"diet": True, "groups": 4},
        paper=_PEPSI,
        multiple=8,
        parameters=1_509_811,
    ),
    _generator(
        id="gla",
        label="MPGA + GLA",
        promise="Coarse and fine network with global and local attention, for free-form holes",
        network="engine.models.gla:GlaGenerator",
        heeds_forbidden=True,
        paper="Uddin, Jung 2020: Global and Local Attention-Based Free-Form Image Inpainting",
        multiple=8,
        parameters=4_368_553,
    ),
    _generator(
        id="regionwise",
        label="Region-wise",
        promise="Own filters for known and missing regions, trained for non-local correlation",
        network="engine.models.regionwise:RegionwiseGenerator",
        paper="Ma et al. 2019: Coarse-to-Fine Image Inpainting via Region-wise Convolutions and "
        "Non-Local Correlation",
        multiple=4,
        parameters=4_706_054,
    ),
    _generator(
        id="pennet",
        label="PEN-Net",
        promise="Fills from deep features to pixels, attention passed down a pyramid",
        network="engine.models.pennet:PennetGenerator",
        heeds_forbidden=True,
        paper="Zeng, Fu, Chao, Guo 2019: Learning Pyramid-Context Encoder Network for "
        "High-Quality Image Inpainting",
        multiple=64,
        parameters=10_231_538,
    ),
    _generator(
        id="iconv",
        label="IConv",
        promise="Imputes missing features layer by layer; the paper's large network",
        network="engine.models.iconv:IconvGenerator",
        configuration={"side": 256, "base": 256},
        paper=_ICONV,
        options=(_LATENT,),
        drawn={"latent": "random"},
        multiple=64,
        parameters=11_528_427,
    ),
    _generator(
        id="iconv-small",
        label="IConv small",
        promise="IConv with half the channels; a quarter of the size",
        network="engine.models.iconv:IconvGenerator",
        configuration={"side": 256, "base": 128},
        paper=_ICONV,
        options=(_LATENT,),
        drawn={"latent": "random"},
        multiple=64,
        parameters=2_974_587,
    ),
    _generator(
        id="iconv-face",
        label="IConv faces",
        promise="Anonymises faces of 128 pixels, guided by seven keypoints",
        network="engine.models.iconv:IconvGenerator",
        configuration={"side": 128, "base": 128, "keypoints": 7},
        paper=_ICONV,
        options=(_LATENT, _KEYPOINTS),
        drawn={"latent": "random"},
        native_side=128,
        multiple=32,
        parameters=3_053_330,
        keypoints=_POINTS,
        min_context=48,
    ),
)
