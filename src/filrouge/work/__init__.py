"""Hands: one verb per function. Each loads, asks the domain, saves, and leaves its audit line."""
