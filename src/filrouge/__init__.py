"""Filrouge: a unified customer platform. ``filrouge.open()`` gives an analyst the tables, segments and people."""

from __future__ import annotations

__version__ = "0.1.0"
