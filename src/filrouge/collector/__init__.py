"""The door of senders: authenticate, read, keep durably, answer. Pure ASGI; neither Django nor an engine is loaded."""

from filrouge.collector.app import Collector

__all__ = ["Collector"]
