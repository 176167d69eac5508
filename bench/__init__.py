"""Figures of speed and memory, each with a yardstick of the same run: ``python -m bench [NAME…]``."""
