"""The definition of a destination: one place, written to in one way."""

from __future__ import annotations

from typing import Literal, Self

import pydantic
from pydantic import Field

from filrouge.base.spec import Spec
from filrouge.domain.sources.reaching import account, address

KINDS = ("folder", "sftp", "rest")
_SCHEMES = {"rest": ("http", "https"), "sftp": ("sftp",)}
FILES = frozenset({"folder", "sftp"})


class DestinationSpec(Spec):
    """Where people are given, and in which form.

    ``place`` is a folder, or an address (``sftp://host/folder``, ``https://…``). ``host_key`` is the fingerprint of an
    SFTP server's key (``SHA256:…``): a server that shows another is given nothing. ``answers`` says what an answer of
    a REST address confirms: the lot whole unless it names rows, or nothing but the rows that it names.
    """

    kind: Literal["folder", "sftp", "rest"]
    place: str = Field(min_length=1, max_length=1000)
    form: Literal["csv", "xlsx"] = "csv"
    delimiter: Literal[";", ",", "\t"] = ";"
    auth: Literal["bearer", "header", "basic"] = "bearer"
    header: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9-]*$")
    user: str = Field("", max_length=200)
    secret: str | None = None
    host_key: str = Field("", max_length=100, pattern=r"^(SHA256:[A-Za-z0-9+/]{43})?$")
    lot: int = Field(500, ge=1, le=10_000)
    answers: Literal["lot", "rows"] = "lot"
    allow_private: bool = False

    @pydantic.model_validator(mode="after")
    def _fits(self) -> Self:
        faults = []
        if self.kind in _SCHEMES:
            faults += address(self.place, *_SCHEMES[self.kind])
        if self.kind == "sftp":
            faults += account(self.user, self.secret)
        if self.kind == "rest":
            if self.secret and self.auth == "header" and not self.header:
                faults.append("header: say the name of the header that bears the secret")
            if self.auth == "basic" and self.secret and not self.user:
                faults.append("user: say whose password the secret is")
        if self.kind == "folder" and set(self.place) & {"\0", "\r", "\n"}:
            faults.append("place: a name cannot hold this character")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def files(self) -> bool:
        """Tell whether what is given is a file."""
        return self.kind in FILES
