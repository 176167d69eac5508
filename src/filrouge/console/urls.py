"""The console's addresses."""

from __future__ import annotations

from django.urls import URLPattern, path

from filrouge.console.pages import home, reader

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("search", home.search, name="search"),
    path("reader", reader.choose, name="reader"),
]
