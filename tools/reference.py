"""Write the pages of reference that say what the code says: tables, roles, commands, presets.

usage: reference.py write | check
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filrouge.base import settings
from filrouge.cli import set_up

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/reference"
NOTE = "*This page is written by `tools/reference.py`: change the code, then run `make fix`.*"
KEPT = {
    "dated": "from its date",
    "ended": "from its end; not while it runs",
    "active": "from its last change, unless something that the person did is still kept",
    "replaced": "earlier states from their replacement; the last one as long as the person",
    "with_record": "as long as the record",
    "with_person": "as long as the person is known",
}
BASIS = {
    "contract": "performance of the contract",
    "legal_obligation": "legal obligation",
    "consent": "consent",
    "legitimate_interest": "legitimate interest",
}


def tables() -> Iterator[str]:
    from filrouge.tables import COMMON, TABLES

    yield "# Tables\n\n" + NOTE + "\n\n"
    yield "What `filrouge sql`, `filrouge.open()` and the API call things. Money is decimal with its currency, times are UTC.\n"
    yield "A `*_ref` column holds the source’s own identifier; the `*_key` beside it leads to the record that it names.\n\n"
    yield "Sensitivity says who sees a column: see [roles](roles.md).\n\n## Columns of every table\n\n"
    yield from columns(COMMON)
    yield "\n`links`, `people` and `golden_values` are derived; `people` and `golden_values` have their own columns only.\n"
    for table in TABLES.values():
        yield f"\n## {table.name}\n\n{table.doc}"
        if table.canonical:
            yield " A source may be read into it."
        yield f"\n\nPurpose {table.purpose}, category {table.category}"
        if table.personal:
            yield f", held for {BASIS[table.basis]}; kept "
            yield (
                KEPT[table.kept] if table.kept.startswith("with") else f"{table.retention_days} days {KEPT[table.kept]}"
            )
            yield f"; earlier versions {table.replaced_days} days" if table.replaced_days else ""
        yield ".\n\n"
        yield from columns(table.columns)


def columns(listed: Any) -> Iterator[str]:
    yield "| column | type | sensitivity | |\n|---|---|---|---|\n"
    for column in listed:
        said = column.doc or (f"names a row of {column.ref}" if column.ref else "")
        sensitivity = "" if column.sensitivity == "none" else column.sensitivity
        yield f"| {column.name} | {column.type} | {sensitivity} | {said} |\n"


def roles() -> Iterator[str]:
    from filrouge.domain.privacy.perimeter import CATEGORIES, PAGE_ROLES, ROLE_PURPOSE, SIGHT
    from filrouge.domain.privacy.register import SENSITIVITIES

    word = {"show": "sees", "mask": "masked", "hide": "–"}
    yield "# Roles and what they see\n\n" + NOTE + "\n\n"
    yield "A role is given for an entity (all of them when none is named), capped to brands when any are. It looks at people under a\n"
    yield "purpose: an agreement that another entity opens for that purpose adds that entity’s people. Then it sees of each fact:\n\n"
    yield "| role | purpose | one person’s page | " + " | ".join(SENSITIVITIES) + " |\n"
    yield "|---" * (len(SENSITIVITIES) + 3) + "|\n"
    for role, purpose in ROLE_PURPOSE.items():
        opens = "opens" if role in PAGE_ROLES else "–"
        seen = " | ".join(word[SIGHT[role].get(name, "show")] for name in SENSITIVITIES)
        yield f"| {role} | {purpose} | {opens} | {seen} |\n"
    yield "\nA masked value can be told from another without being usable (`c•••@e•••`, `+33 •••34`, `44••• Nantes`). Two roles add up: the more open one holds. What is due (a promise, a follow-up) is read by the advisors and sales who keep it.\n"
    yield "Agreements name a category of data, or all: " + ", ".join(CATEGORIES) + ".\n\n"
    yield "Whoever owns the home folder is an administrator on the command line, and leaves audit lines like everybody. `--key` narrows a\n"
    yield "command to what an API key sees. Why it works so: [perimeter and agreements](../explanation/perimeter.md).\n"


def commands() -> Iterator[str]:
    from filrouge.cli import app, gather

    gather()
    yield "# Commands\n\n" + NOTE + "\n\n"
    yield "`filrouge <noun> <verb>`. Data goes to stdout, talk and progress to stderr; `--help` after any of them says the same.\n\n"
    yield "| exit code | means |\n|---|---|\n| 0 | done |\n| 1 | refused, or failed with a reason |\n| 2 | wrong use |\n"
    for command in app.registered_commands:
        yield from told(command.name or "", command.callback)
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        if inner.registered_callback and inner.registered_callback.invoke_without_command:
            yield from told(group.name or "", inner.registered_callback.callback)
        for command in inner.registered_commands:
            callback = command.callback
            assert callback is not None
            yield from told(f"{group.name} {command.name or callback.__name__.replace('_', '-')}", callback)


def api() -> Iterator[str]:
    from filrouge.api.urls import api as door
    from filrouge.work.groups import SCOPES

    yield "# HTTP API\n\n" + NOTE + "\n\n"
    yield "Everything under `/api/v1/` asks for a key: `Authorization: Bearer fr_…` ([make one](../how-to/give-access.md)). The key’s role, entities and\n"
    yield (
        "brands narrow what it sees; its scopes narrow what it does: "
        + ", ".join(f"`{scope}`" for scope in SCOPES)
        + ".\n\n"
    )
    yield "An error is one JSON object of RFC 9457: `type`, `title` (what happened), `status`, `detail` (what to do), `instance`, and `faults` when\n"
    yield "a body holds several. What a key may not see is 404, as if it did not exist. `/api/v1/docs` shows each route with its parameters and\n"
    yield "`/api/v1/openapi.json` describes them to programs.\n\n"
    yield "| | | |\n|---|---|---|\n"
    for path, methods in door.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method, said in methods.items():
            yield f"| {method.upper()} | `{path}` | {said.get('summary', '')} |\n"
    yield "\nOutside the API: `/livez` and `/readyz` (is it up, can it answer), `/c/by-phone/{e164}`\n"
    yield "([the phone link](../how-to/answer-the-phone-link.md)).\n"


def told(name: str, callback: Any) -> Iterator[str]:
    from typing import Annotated, get_args, get_origin, get_type_hints

    import typer

    lines, usage = [], [f"filrouge {name}"]
    hints = get_type_hints(callback, include_extras=True)
    for parameter in inspect.signature(callback).parameters.values():
        hint = hints[parameter.name]
        if hint is typer.Context:
            continue
        kind, info = (get_args(hint) if get_origin(hint) is Annotated else (hint, None))[:2]
        word = parameter.name.rstrip("_").replace("_", "-")
        said = getattr(info, "help", None) or ""
        if parameter.default is inspect.Parameter.empty and not isinstance(info, typer.models.OptionInfo):
            usage.append(word.upper())
            lines.append(f"| `{word.upper()}` | {said} |\n")
            continue
        declared = getattr(info, "param_decls", None) or ()
        first = getattr(info, "default", None)  # inside Annotated, the first name given stands there
        named = [*declared, *([first] if isinstance(first, str) else [])]
        flag = next((one for one in named if one.startswith("--")), f"--{word}")
        required = parameter.default is inspect.Parameter.empty
        takes = "" if kind is bool else f" {word.upper()}"
        usage.append(f"{flag}{takes}" if required else f"[{flag}{takes}]")
        default = parameter.default
        shown = str(getattr(default, "value", default))
        tail = f" (by default {shown})" if not required and default not in (None, "", False, True) else ""
        lines.append(f"| `{flag}` | {said}{tail} |\n")
    yield f"\n## filrouge {name}\n\n{inspect.getdoc(callback) or ''}\n\n```\n{' '.join(usage)}\n```\n"
    if lines:
        yield "\n| | |\n|---|---|\n" + "".join(lines)


def usual() -> Iterator[str]:
    from filrouge.domain.sources import presets

    yield "# Presets of usual systems\n\n" + NOTE.replace("change the code", "change the YAML of the preset") + "\n\n"
    yield "How a system is read, by `filrouge source from-preset` or from the screens: [connect a usual\n"
    yield "system](../how-to/connect-a-usual-system.md). Each was written from the public documentation that it names.\n"
    for name in presets.names():
        one = presets.preset(name)
        yield f"\n## {one.title}\n\n`{name}`. {one.about['en']} {one.limits.get('en', '')}\n\n"
        yield f"Written from {one.documented.version} (<{one.documented.page}>).\n\n"
        yield "| asked | | by default |\n|---|---|---|\n"
        for ask in one.asks:
            way = "--secret" if ask.secret else "--set"
            yield f"| `{way} {ask.name}=` | {ask.title['en']}. {ask.help.get('en', '')} | {ask.default} |\n"
        yield "\n| part | read into | what is new only | consents |\n|---|---|---|---|\n"
        for part, what in one.parts.items():
            made = {**one.common, **what.definition}
            form = {**one.common.get("format", {}), **what.definition.get("format", {})}
            new = f"by `{made['cursor']}`" if form.get("since") else "no: whole each time"
            said = [
                f"{c['channel']}: " + ", ".join(f"{v}" for v in dict.fromkeys(c["state"]["values"].values()) if v)
                for c in made["map"].get("consents", ())
            ]
            yield f"| `{part}` | [{made['reads']}](tables.md#{made['reads']}) | {new} | {'; '.join(said)} |\n"


WRITTEN = {
    "tables.md": tables, "roles.md": roles, "commands.md": commands, "http-api.md": api, "presets.md": usual,
}  # fmt: skip


def main(what: str) -> int:
    with tempfile.TemporaryDirectory() as home:  # the code is asked, not an installation
        settings.use(FILROUGE_HOME=home, DJANGO_SETTINGS_MODULE="filrouge.site.settings")
        set_up()
        return _main(what)


def _main(what: str) -> int:
    stale = []
    for name, page in WRITTEN.items():
        text = "".join(page())
        path = PAGES / name
        if what == "write":
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        print(f"docs/reference/{name} is not what the code says: make fix", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
