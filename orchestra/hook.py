"""Where hooks lived until 0.1: agents that were started then call this path until they end. Goes with 0.3."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from orchestra.hooks.entry import main

if __name__ == "__main__":
    main()
