"""`make snapshots`: takes the pictures of all windows anew and accepts those that have changed."""

from __future__ import annotations

import sys

from tests.app.snapshots.taking import SCALES, SEEN, accept, take


def main() -> int:
    for scale in SCALES:
        folder, wrong = take(scale)
        if wrong:
            print(wrong)
            return 1
        changed = accept(folder, scale)
        print(f"{scale}00 %: {len(changed)} accepted: {', '.join(changed) or 'none has changed'}")
    print(f"Look at them in {SEEN} before you commit them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
