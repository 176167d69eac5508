"""A definition as somebody wrote it: YAML of a reasonable size, each name said once; and as it is told again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from filrouge.base import settings
from filrouge.base.errors import Phrase, UsageError
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources.sighted import openly
from filrouge.store.models import Source

LARGEST = 1_000_000  # bytes
MOST = 200_000  # values, each alias written out


class _Loader(yaml.SafeLoader):
    """Reads YAML; a name that stands twice in one place is a fault, as one of the two would be lost unseen.

    A name is text as it is written: YAML takes ``on`` and ``no`` for a yes and a no, and rules say what they are on.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        said: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in said:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
                said.add(key.value)
                if key.tag == "tag:yaml.org,2002:bool":
                    key.tag = "tag:yaml.org,2002:str"
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def read(path: Path) -> Any:
    """Return what the YAML file ``path`` says. Raises UsageError when it cannot be read, or is no YAML."""
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST + 1)
    except OSError:
        raise UsageError("The file {path} cannot be read.", hint="Check the path.", path=str(path)) from None
    if len(text) > LARGEST:
        raise UsageError(
            "The file {path} is too large for a definition.", hint="A definition has at most 1 MB.", path=path.name
        )
    try:
        return _loaded(text.decode())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UsageError(
            "The file {path} is not YAML{where}.",
            hint="Mend it there and try again.",
            path=path.name,
            where=Phrase(": line {line}, column {column}", line=mark.line + 1, column=mark.column + 1) if mark else "",
        ) from None


def told(source: Source, asking: Caller) -> dict[str, Any]:
    """Return the definition of a source as plain data.

    Of a file that was brought, the values of its columns were read from it: those that are no usual words are left out
    for whoever sees what columns hold masked.
    """
    data: dict[str, Any] = source.spec
    brought = Path(data.get("place", "")).is_relative_to(settings.get().home / "brought")
    clear = asking.perimeter.sight("contact", source.entity, source.brand) == "show"
    return openly(data) if brought and not clear else data


def _loaded(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MOST:
            raise yaml.constructor.ConstructorError(None, None, "its aliases make too much of it", node.start_mark)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node holds once its aliases are written out; one within itself is more than any."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MOST + 1  # while it is counted
    held: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        held = node.value
    elif isinstance(node, yaml.MappingNode):
        held = [one for pair in node.value for one in pair]
    size = known[id(node)] = 1 + sum(_size(one, known) for one in held)
    return size
