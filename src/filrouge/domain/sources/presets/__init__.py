"""How usual systems are connected, from their public documentation: what is asked, and the sources that this makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pydantic
import yaml
from pydantic import Field

from filrouge.base.errors import DefinitionError, NotFound
from filrouge.base.spec import Spec
from filrouge.domain.sources.spec import SourceSpec

_ASKED = re.compile(r"\$\{([a-z_]+)\}")
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class Documented(Spec):
    """Which public documentation a preset was written from."""

    version: str
    page: str


class Ask(Spec):
    """Something that whoever connects the system says; of a secret, the name under which it is kept."""

    name: str = Field(pattern=_NAME)
    title: dict[str, str]
    help: dict[str, str] = Field(default_factory=dict)
    default: str = ""
    secret: bool = False
    address: bool = False  # an HTTP address: https is understood
    pattern: str = ""

    def faults(self, value: str) -> list[str]:
        """Return what is wrong with an answer."""
        if not value:
            return [f"{self.name}: say it"]
        if self.pattern and not re.fullmatch(self.pattern, value):
            return [f"{self.name}: {value!r} does not look right"]
        return [f"{self.name}: {value!r} is no address"] if self.address and not _is_address(value) else []


class Part(Spec):
    """Something that the system holds, and the definition of the source that reads it."""

    title: dict[str, str]
    help: dict[str, str] = Field(default_factory=dict)
    definition: dict[str, Any]


class Preset(Spec):
    """A usual system: what is asked, and what is read of it."""

    preset: str = Field(pattern=_NAME)
    title: str
    about: dict[str, str]
    documented: Documented
    limits: dict[str, str] = Field(default_factory=dict)
    asks: tuple[Ask, ...]
    common: dict[str, Any]
    parts: dict[str, Part]

    @pydantic.model_validator(mode="after")
    def _asks_all(self) -> Preset:
        named = {ask.name for ask in self.asks} | {"entity", "brand"}
        used = set(_ASKED.findall(str([self.common, [part.definition for part in self.parts.values()]])))
        if used - named:
            raise ValueError(f"nothing asks for {', '.join(sorted(used - named))}")
        return self

    def answered(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return every answer, as it is used. Raises DefinitionError with every fault."""
        known = {ask.name: ask for ask in self.asks}
        faults = [f"{name}: {self.title} asks for no such thing" for name in answers if name not in known]
        told = {}
        for name, ask in known.items():
            value = (answers.get(name) or ask.default).strip()
            if ask.address and value:
                value = (value if "://" in value else f"https://{value}").rstrip("/")
            faults += ask.faults(value)
            told[name] = value
        if faults:
            raise DefinitionError(
                "{title} is not told well enough: {count}.", faults=faults,
                hint="Say what is named below.", title=self.title, count=len(faults),
            )  # fmt: skip
        return told

    def definitions(
        self, answers: Mapping[str, str], *, entity: str, brand: str, name: str = "", parts: Iterable[str] = (),
        private: bool = False,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Return the definitions of the sources that read these ``parts`` (all when none is named), people first.

        ``name`` is what they begin with. Raises DefinitionError with every fault, NotFound of a part that is not there.
        """
        told = self.answered(answers)
        wanted = list(dict.fromkeys(parts)) or list(self.parts)
        for part in wanted:
            if part not in self.parts:
                raise NotFound(
                    "{title} has no part called {part}.", hint="There are: {known}.", title=self.title, part=part[:60],
                    known=", ".join(self.parts),
                )  # fmt: skip
        begins = name or self.preset
        found = []
        for part in (part for part in self.parts if part in wanted):
            data = _filled({**self.common, **self.parts[part].definition}, told)
            data["format"] = _filled({**self.common.get("format", {}), **data.get("format", {})}, told)
            for cell in data["map"].values():
                if isinstance(cell, dict) and cell.get("of") in self.parts:
                    cell["of"] = f"{begins}_{cell['of']}"
            made = {"source": f"{begins}_{part}", "system": begins, "entity": entity, "brand": brand, **data}
            colon = {"fr": " :"}
            titles = self.parts[part].title
            made |= {"title": {of: f"{self.title}{colon.get(of, ':')} {said}" for of, said in titles.items()}}
            if private:
                made["allow_private"] = True
            SourceSpec.parse(made, what=made["source"])
            found.append(made)
        return found


def names() -> tuple[str, ...]:
    """Return the names of the presets, in order."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml")))


@cache
def preset(name: str) -> Preset:
    """Return the preset called ``name``. Raises NotFound."""
    if name not in names():
        raise NotFound(
            "No preset is called {name}.", hint="There are: {known}.", name=name[:60], known=", ".join(names())
        )
    return Preset.parse(yaml.safe_load((_folder() / f"{name}.yaml").read_text(encoding="utf-8")), what=name)


def _folder() -> Any:
    return files("filrouge.domain.sources.presets")


def _filled(data: Any, told: Mapping[str, str]) -> Any:
    """Return ``data`` with each answer where it stands for it."""
    if isinstance(data, str):
        return _ASKED.sub(lambda found: told[found[1]], data)
    if isinstance(data, dict):
        return {_filled(name, told): _filled(value, told) for name, value in data.items()}
    return [_filled(value, told) for value in data] if isinstance(data, list) else data


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        return False
