"""The console as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "filrouge.console"
    label = "console"

    def ready(self) -> None:
        from filrouge.console import signin

        signin.note_acts()
