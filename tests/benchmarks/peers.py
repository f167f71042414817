"""Compares PatchMatch with other inpainting programs on photographs; run by a person.

    python tests/benchmarks/peers.py --data FOLDER --limit 12 --size 512 --sheet build/sheets

Every fill runs in a process of its own, so that the peak memory is the method's. The clock starts
after imports and, for compiled code, after a small first run. Peers are used when found:
pypatchmatch by the interpreter named in LACUNA_PEERS_PYTHON (or this one), `gmic` on PATH. Needs
the extra `bench` for SSIM.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from tests.benchmarks.metrics import Figures

    Picture = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]
    Filler = Callable[[Picture, Mask], Picture]

PEERS_PYTHON = os.environ.get("LACUNA_PEERS_PYTHON", sys.executable)
PATIENCE_S = 900
KIB_PER_MIB = 1024


def lacuna(image: Picture, hole: Mask, effort: str = "normal") -> Picture:
    from engine.backend import Problem
    from engine.jobs import CancelToken, finish
    from engine.models.patchmatch import PatchMatch

    box = _with_context(hole)
    crop = image[box].astype(np.float32) / np.float32(255)
    problem = Problem(crop, hole[box], options={"effort": effort})
    fill = finish(PatchMatch().inpaint(problem, CancelToken()))
    result = image.copy()
    result[box][hole[box]] = np.rint(fill[hole[box]] * 255).astype(np.uint8)
    return result


def _with_context(hole: Mask) -> tuple[slice, slice]:
    """The hole's bounding box and three quarters of its longer side around it."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    margin = max(48, int(0.75 * longer))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )


def telea(image: Picture, hole: Mask) -> Picture:
    import cv2

    return np.asarray(cv2.inpaint(image, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)


def pypatchmatch(image: Picture, hole: Mask) -> Picture:
    from patchmatch import patch_match  # type: ignore[import-not-found]  # a peer, if installed

    return np.asarray(patch_match.inpaint(image, hole, patch_size=3), np.uint8)


def _through_files(image: Picture, hole: Mask, command: Callable[[Path], list[str]]) -> Picture:
    import cv2

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(str(folder / "in.png"), image[:, :, ::-1])
        cv2.imwrite(str(folder / "mask.png"), hole.astype(np.uint8) * 255)
        subprocess.run(command(folder), check=True, capture_output=True, timeout=PATIENCE_S)
        result = cv2.imread(str(folder / "out.png"), cv2.IMREAD_COLOR)
    if result is None or result.shape != image.shape:
        raise RuntimeError("the peer left no picture of the same size")
    return np.ascontiguousarray(result[:, :, ::-1]).astype(np.uint8)


def gmic_patch(image: Picture, hole: Mask) -> Picture:
    def command(folder: Path) -> list[str]:
        steps = ["inpaint[0]", "[1],7,15", "remove[1]", "output", str(folder / "out.png")]
        return ["gmic", str(folder / "in.png"), str(folder / "mask.png"), *steps]

    return _through_files(image, hole, command)


METHODS: dict[str, Filler] = {
    "lacuna": lacuna,
    "telea": telea,
    "pypatchmatch": pypatchmatch,
    "gmic-patch": gmic_patch,
    "lacuna-fast": functools.partial(lacuna, effort="fast"),
    "lacuna-thorough": functools.partial(lacuna, effort="thorough"),
}
USUAL = tuple(METHODS)[:4]
WARMED = ("lacuna", "lacuna-fast", "lacuna-thorough", "pypatchmatch")


def missing() -> dict[str, str]:
    """Methods that cannot run here, and why."""
    absent = {}
    probe = [PEERS_PYTHON, "-c", "import patchmatch"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        absent["pypatchmatch"] = f"{PEERS_PYTHON} cannot import patchmatch"
    if shutil.which("gmic") is None:
        absent["gmic-patch"] = "no gmic on PATH"
    return absent


def fill_once(method: str, case: Path, result: Path) -> None:
    """What the child process does: fill one case, save it, print seconds and peak memory."""
    with np.load(case) as stored:
        image, hole = stored["image"], stored["hole"]
    if method in WARMED:
        METHODS[method](image[:96, :96].copy(), np.pad(np.ones((64, 64), np.bool_), 16))
    start = time.perf_counter()
    fill = METHODS[method](image, hole)
    seconds = time.perf_counter() - start
    np.save(result, fill)
    report = {"seconds": seconds, "peak_mib": _peak_kib() / KIB_PER_MIB}
    print(json.dumps(report))


def _peak_kib() -> int:
    """Peak memory of this process or of the program it started (Linux).

    A process inherits `ru_maxrss` of whoever started it, the high-water mark of /proc it does not.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def measure(method: str, image: Picture, hole: Mask) -> tuple[Picture, float, float]:
    """The fill, its seconds and its peak memory in MiB, from a fresh process."""
    interpreter = PEERS_PYTHON if method == "pypatchmatch" else sys.executable
    with tempfile.TemporaryDirectory() as name:
        case, result = Path(name, "case.npz"), Path(name, "fill.npy")
        np.savez(case, image=image, hole=hole)
        command = [interpreter, __file__, "--fill", method, str(case), str(result)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        report = json.loads(done.stdout.strip().splitlines()[-1])
        return np.load(result), report["seconds"], report["peak_mib"]


def cases(folder: Path, limit: int, size: str, kind: str) -> Iterator[tuple[str, Picture, Mask]]:
    """Pictures with a mask that their place in the folder decides."""
    import cv2

    from training import masks

    draw = masks.free_form if kind == "brush" else masks.blob
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
    paths = [path for path in paths if not path.stem.endswith("_mask")]
    for number, path in enumerate(paths[:limit]):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            continue
        if size != "full":
            scale = int(size) / min(image.shape[:2])
            if scale < 1:
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        rgb = np.ascontiguousarray(image[:, :, ::-1]).astype(np.uint8)
        yield path.stem, rgb, draw(rgb.shape[:2], np.random.default_rng(1000 + number))


def compare(arguments: argparse.Namespace) -> None:
    from tests.benchmarks.metrics import figures

    absent = missing()
    for method, reason in absent.items():
        print(f"left out: {method} ({reason})")
    methods = [m for m in arguments.methods or USUAL if m not in absent]
    print("kind  method         PSNR  SSIM    SWD detail  seam  median s  peak MiB")
    for kind in ("brush", "blob"):
        rows: dict[str, list[tuple[Figures, float, float]]] = {method: [] for method in methods}
        for name, image, hole in cases(arguments.data, arguments.limit, arguments.size, kind):
            shown = [image, np.where(hole[:, :, None], np.uint8(255), image)]
            for method in methods:
                try:
                    fill, seconds, peak = measure(method, image, hole)
                except (RuntimeError, subprocess.TimeoutExpired) as problem:
                    print(f"{kind} {method} failed on {name}: {problem}")
                    continue
                rows[method].append((figures(fill, image, hole), seconds, peak))
                shown.append(fill)
            if arguments.sheet:
                _save_sheet(arguments.sheet / f"{kind}-{name}.png", shown)
        for method, results in rows.items():
            if results:
                print(_line(kind, method, results), flush=True)


def _line(kind: str, method: str, results: list[tuple[Figures, float, float]]) -> str:
    names = ("psnr", "ssim", "swd", "detail", "seam")
    psnr, ssim, swd, detail, seam = (
        float(np.mean([getattr(figure, name) for figure, _, _ in results])) for name in names
    )
    seconds = float(np.median([seconds for _, seconds, _ in results]))
    peak = max(peak for _, _, peak in results)
    return (
        f"{kind:5} {method:13} {psnr:5.2f} {ssim:5.3f} {swd:6.2f} {detail:6.2f} {seam:5.2f} "
        f"{seconds:9.2f} {peak:9.0f}"
    )


def _save_sheet(path: Path, pictures: list[Picture]) -> None:
    """Original, hole and the fills side by side, in the order of the table."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.hstack(pictures)[:, :, ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT / "resources" / "sample")
    parser.add_argument("--limit", type=int, default=12, help="pictures at most")
    parser.add_argument("--size", default="512", help="shorter side in pixels, or full")
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets")
    parser.add_argument("--methods", nargs="*", choices=METHODS, help="only these")
    parser.add_argument("--fill", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        method, case, result = arguments.fill
        fill_once(method, Path(case), Path(result))
    else:
        compare(arguments)


if __name__ == "__main__":
    main()
