"""The definition of a destination: one place, written to in one way."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec

KINDS = ("folder", "rest")
FILES = frozenset({"folder"})


class DestinationSpec(Spec):
    """Where people are given, and in which form.

    ``place`` is a folder, or an address. ``answers`` says what an answer of a REST address confirms: the lot whole
    unless it names rows, or nothing but the rows that it names.
    """

    kind: Literal["folder", "rest"]
    place: str = Field(min_length=1, max_length=1000)
    form: Literal["csv", "xlsx"] = "csv"
    delimiter: Literal[";", ",", "\t"] = ";"
    auth: Literal["bearer", "header", "basic"] = "bearer"
    header: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9-]*$")
    user: str = Field("", max_length=200)
    secret: str | None = None
    lot: int = Field(500, ge=1, le=10_000)
    answers: Literal["lot", "rows"] = "lot"
    allow_private: bool = False

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        faults = []
        if self.kind == "rest":
            try:
                parts = urlsplit(self.place)
                whole = parts.scheme in ("http", "https") and bool(parts.hostname)
                if parts.username or parts.password:
                    faults.append("place: keep the password as a secret, not in the address")
            except ValueError:
                whole = False
            if not whole:
                faults.append("place: write http://host/path or https://host/path")
            if self.secret and self.auth == "header" and not self.header:
                faults.append("header: say the name of the header that bears the secret")
            if self.auth == "basic" and self.secret and not self.user:
                faults.append("user: say whose password the secret is")
        if "\0" in self.place:
            faults.append("place: a name cannot hold this character")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def files(self) -> bool:
        """Tell whether what is given is a file."""
        return self.kind in FILES
