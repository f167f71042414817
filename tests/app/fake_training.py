"""Stands in for `lacuna train`: prints events as the environment tells it, and needs no torch.

FAKE_TRAINING  a word of `main`, what it does after the first steps
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

STEPS = 400
BEGUN = 40
"""Steps that are done before it does what it was told."""


class Run:
    """One process."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.folder = Path(words[words.index("--out") + 1])
        self.step = 0

    def begin(self) -> None:
        if "--resume" in self.words:
            self.step = BEGUN
        else:
            self.folder.mkdir(parents=True)
            text = Path(self.words[1]).read_text("utf-8")
            (self.folder / "config.toml").write_text(text, "utf-8")
        (self.folder / "words.txt").write_text("\n".join(self.words), "utf-8")
        self.say(
            "started", step=self.step, steps=STEPS, pictures=7, held_out=1, parameters=3_524_019,
            device="CPU", precision="fp32", run=str(self.folder),
        )  # fmt: skip
        for step in range(self.step + 10, self.step + BEGUN + 1, 10):
            self.step = step
            losses = {"l1": 1.0 / step, "hinge": 0.5, "critic.hinge": 0.7}
            self.say("step", step=step, losses=losses, rate=12.5, seconds_left=7500.0)
        self.say(
            "validation", step=step, psnr=20.5, ssim=0.75, texture=3.0, verdict="still improving"
        )
        sheet = self.folder / "sheet.ppm"
        sheet.write_bytes(b"P6 6 4 255\n" + bytes(range(72)))
        self.say("sample", step=step, path=str(sheet))
        self.say("checkpoint", step=step, path=str(self.folder / "a.pt"))

    def say(self, kind: str, **fields: object) -> None:
        line = json.dumps({"type": kind} | fields)
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        print(line, flush=True)

    def finish(self, reason: str) -> None:
        path = str(self.folder / "model.safetensors")
        self.say("finished", step=self.step, path=path, reason=reason)


def main(what: str) -> int:
    run = Run(sys.argv[1:])
    if what == "refuses":
        print("Some library: a warning", file=sys.stderr)
        print("lacuna: There are no pictures in “here”; name another folder.", file=sys.stderr)
        return 1
    run.begin()
    if what == "waits":
        for line in sys.stdin:
            if line == "stop\n":
                break
        run.finish("stopped")
    elif what == "deaf":
        while not (run.folder / "enough").exists():
            time.sleep(0.02)
    elif what == "fails":
        print("Not an event {", flush=True)
        run.say("failed", step=run.step, message="The losses ceased to be numbers.")
        print("lacuna: The losses ceased to be numbers.", file=sys.stderr)
        return 1
    elif what == "dies":
        os.abort()
    elif what == "vanishes":
        return 3
    else:
        run.step = STEPS
        run.finish(what)
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("FAKE_TRAINING", "done")))
