"""Collect what the screens say into the French catalogue, compile it, or check that nothing is missing.

usage: messages.py update | compile | check

Messages come from Python (gettext calls, and the message and hint of every FilrougeError) and from Django templates.
Babel does what GNU gettext would: a bare machine has no msgfmt.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/filrouge"
PO = SOURCE / "locale/fr/LC_MESSAGES/django.po"
PLAIN = {"_", "_l", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"_p", "pgettext", "pgettext_lazy"}
ERRORS = {
    "UsageError", "DefinitionError", "Refused", "NotFound", "Conflict", "SourceError", "DestinationError",
    "ServerError", "StorageError", "Phrase", "Uncompilable", "Lacking",
}  # fmt: skip
CALL = re.compile(r"(?<![\w.])(gettext|ngettext|pgettext|npgettext|_)\(")

Found = tuple["str | tuple[str, str]", "str | None"]


def collect() -> Catalog:
    catalog = Catalog(locale="fr", project="Filrouge", charset="utf-8", fuzzy=False)
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.txt")]):
        if "vendor" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        found = from_python(text) if path.suffix == ".py" else from_template(text)
        for message, context in found:
            catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)], context=context, flags=flags(message))
    return catalog


def flags(message: str | tuple[str, str]) -> list[str]:
    text = message if isinstance(message, str) else message[0]
    return ["python-format"] if re.search(r"%\(\w+\)[sd]", text) else []


def from_python(text: str) -> Iterator[Found]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [literal(argument) for argument in node.args]
        if name in PLAIN and words and words[0]:
            yield words[0], None
        elif name in PLURAL and len(words) > 1 and words[0] and words[1]:
            yield (words[0], words[1]), None
        elif name in CONTEXT and len(words) > 1 and words[0] and words[1]:
            yield words[1], words[0]
        elif name in ERRORS:
            hints = [literal(keyword.value) for keyword in node.keywords if keyword.arg == "hint"]
            for word in [*words[:1], *hints]:
                if word:
                    yield word, None


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def from_template(text: str) -> Iterator[Found]:
    code = templatize(text)
    for match in CALL.finditer(code):
        words = strings(code[match.end() :])
        name = match.group(1)
        if name in {"gettext", "_"}:
            yield words[0], None
        elif name == "ngettext":
            yield (words[0], words[1]), None
        elif name == "pgettext":
            yield words[1], words[0]
        else:
            yield (words[1], words[2]), words[0]


def strings(code: str) -> list[str]:
    """Return the string literals that open an argument list."""
    words, pattern = [], re.compile(r"\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*(,?)")
    position = 0
    while match := pattern.match(code, position):
        words.append(ast.literal_eval(match.group(1)))
        position = match.end()
        if not match.group(2):
            break
    return words


def read() -> Catalog:
    if not PO.exists():
        return Catalog(locale="fr")
    with PO.open("rb") as stream:
        return read_po(stream, locale="fr")


def update() -> None:
    fresh, known = collect(), read()
    for message in fresh:
        if message.id and (old := known.get(message.id, message.context)) is not None:
            message.string = old.string
    buffer = BytesIO()
    fresh.creation_date = fresh.revision_date = None  # type: ignore[assignment]
    write_po(buffer, fresh, omit_header=True, sort_output=True, no_location=True, width=120)
    header = (
        b'msgid ""\nmsgstr ""\n"Project-Id-Version: Filrouge\\n"\n"Language: fr\\n"\n"MIME-Version: 1.0\\n"\n'
        b'"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        b'"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
    )
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(header + buffer.getvalue().lstrip(b"\n"))
    wanting = missing(fresh)
    print(f"{len(fresh)} messages, {len(wanting)} without French.")
    for message in wanting:
        print(f"  {message!r}")


def missing(catalog: Catalog) -> list[object]:
    return [
        message.id
        for message in catalog
        if message.id and not (all(message.string) if isinstance(message.string, (tuple, list)) else message.string)
    ]


def compile_catalogue() -> None:
    with PO.with_suffix(".mo").open("wb") as stream:
        write_mo(stream, read())


def check() -> int:
    fresh, known = collect(), read()
    names = {(message.id, message.context) for message in known if message.id}
    lost = [message.id for message in fresh if message.id and (message.id, message.context) not in names]
    wanting = missing(known)
    for message in lost:
        print(f"not in the catalogue (make messages): {message!r}", file=sys.stderr)
    for message in wanting:
        print(f"has no French: {message!r}", file=sys.stderr)
    return 1 if lost or wanting else 0


if __name__ == "__main__":
    settings.configure(USE_I18N=True)
    sys.exit({"update": update, "compile": compile_catalogue, "check": check}[sys.argv[1]]())
