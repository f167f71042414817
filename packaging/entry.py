"""What the bundle runs."""

import multiprocessing
import sys

if __name__ == "__main__":
    # First of all: a process that multiprocessing starts runs this file too, and ends in this call.
    multiprocessing.freeze_support()
    from app.__main__ import main

    sys.exit(main())
