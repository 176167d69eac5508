"""The sample group: a fictional French media group, written as the eight messy systems that it runs on."""

from __future__ import annotations

from filrouge.sample.build import Sample, build, remove
from filrouge.sample.group import GROUP

__all__ = ["GROUP", "Sample", "build", "remove"]
