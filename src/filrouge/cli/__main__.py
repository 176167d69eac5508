"""``python -m filrouge.cli``: the same as ``filrouge``."""

from __future__ import annotations

from filrouge.cli import main

main()
