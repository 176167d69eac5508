"""What a draft says of its columns, as the definition that a text editor opens, and taken back from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filrouge.base.errors import UsageError
from filrouge.base.text import fold
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.columns import NEVER, Computed, Said, refers, sayings
from filrouge.domain.sources.sighted import PLAIN, openly, put_back
from filrouge.store.models import SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import draft_brands, draft_files, draft_rows, drafts

TOLD = ("brand", "key", "map", "consents", "required", "never_kept", "kept", "rules")  # the parts that are told anew


def definition(draft: SourceDraft, asking: Caller) -> dict[str, Any]:
    """Return the definition as it stands, as plain data; where its file stands is not told.

    Values of its columns that are no usual words are left out for whoever sees what columns hold masked.
    """
    told = {name: value for name, value in draft.spec.items() if name != "place"}
    return told if found.shown(draft, asking) else openly(told)


def define(asking: Caller, key: str, data: object) -> SourceDraft:
    """Take the mapping, key, consents, rules and columns never kept of a definition; keep them, finished or not.

    What else it holds may only repeat what stands: of whom the rows are, what they are, how the file is read. Raises
    UsageError, DefinitionError when it makes no definition, Conflict while it is imported.
    """
    draft = drafts.open_one(asking, key)
    if not isinstance(data, dict) or not isinstance(data.get("map"), dict):
        raise UsageError("This is no definition of a source.", hint="Take the one of the draft, and change it.")
    stands = definition(draft, asking)
    data = data if found.shown(draft, asking) else put_back(data, draft.spec)
    others = sorted(
        str(name) for name in {*data} - {*TOLD}
        if name not in stands or data[name] not in (stands[name], draft.spec.get(name))
    )  # fmt: skip
    if others:
        raise UsageError(
            "These are not told by a definition that is taken back: {names}.",
            hint="It tells: {known}. How the file is read and what its rows are have verbs of their own.",
            names=", ".join(others[:10]), known=", ".join(TOLD),
        )  # fmt: skip
    kept = {name: value for name, value in draft.spec.items() if name not in TOLD} | {"brand": draft.spec["brand"]}
    spec = SourceSpec.parse(kept | {name: data[name] for name in TOLD if name in data}, what=draft.name)
    _there(asking, draft, spec)
    if spec.brand.const not in (None, draft.brand):
        raise UsageError("This file was brought for {brand}.", hint="Bring it for the other brand.", brand=draft.brand)
    dumped = spec.dump() | ({"brand": draft.brand} if spec.brand.const else {})
    made = kept | {name: dumped[name] for name in TOLD if name in dumped}
    made = draft_brands.placed(made, draft.entity)
    drafts.may_be(asking, draft, made)
    return drafts.keep(draft, made)


def tell(
    asking: Caller, key: str, told: Mapping[str, Mapping[str, Any]], made: list[Computed] | None = None
) -> SourceDraft:
    """Change what is said of some columns by name (``says``, ``date``, ``key``, ``states``); the others stay as told.

    ``made``: what expressions compute, as it stands when None. Raises UsageError when a column is not there or says
    nothing that is known.
    """
    draft = drafts.open_one(asking, key)
    spec, names = SourceSpec.parse(draft.spec), [one.name for one in draft_files.seen(draft)]
    _known(sorted(set(told) - set(names)), names)
    able = _able(asking, draft)
    computed = [one.says for one in made or ()]
    for says in [str(one["says"]) for one in told.values() if one.get("says")] + computed:
        if says not in able or (says == columns.BRAND and says in computed):
            raise UsageError(
                "A column cannot say {says} here.", hint="It may say: {known}.", says=says, known=", ".join(able)
            )
    shown = found.shown(draft, asking)
    rows = [_told(one, told.get(one.column, {}), shown=shown) for one in columns.said(spec, names)]
    return drafts.say(asking, key, rows, made)


def _told(stood: Said, new: Mapping[str, Any], *, shown: bool) -> Said:
    says = str(new.get("says", stood.says))
    states = dict(new.get("states", stood.states if says == stood.says else {}))
    if not shown and says == stood.says:  # what they read masked stays as it was told
        open_ = {value: state for value, state in states.items() if fold(value) in PLAIN}
        states = {value: state for value, state in stood.states.items() if fold(value) not in PLAIN} | open_
    form = str(new.get("date", stood.form if says == stood.says else ""))
    key, brands = bool(new.get("key", stood.key)), None
    if says == columns.BRAND:
        states, brands = {}, new.get("states")
    return Said(stood.column, says, form, key, states, joined=stood.joined, values=brands)


def _able(asking: Caller, draft: SourceDraft) -> list[str]:
    """Return what a column of the draft may say."""
    reads, named = draft.spec["reads"], draft_rows.referred(asking, draft)
    able = []
    for code in sayings(reads):
        able += [f"{code}@{one}" for one in named.get(code, ())] if code in refers(reads) else [code]
    if reads == columns.PEOPLE:
        able += [f"{columns.CONSENT}:{purpose}:{channel}" for purpose, channel in columns.OFFERED]
    several = [columns.BRAND] if draft_brands.able(asking, SourceSpec.parse(draft.spec)) else []
    return [*able, *several, NEVER]


def _there(asking: Caller, draft: SourceDraft, spec: SourceSpec) -> None:
    """Raise UsageError when a definition reads columns that the file has not, or sources of somebody else."""
    names = [one.name for one in draft_files.seen(draft)]
    before = SourceSpec.parse(draft.spec)
    _known(sorted({*spec.columns(), *spec.key} - set(names) - {*before.columns()}), names)
    draft_brands.check(asking, spec, before)
    mine = {one for some in draft_rows.referred(asking, draft).values() for one in some}
    stood = {cell.of for cell in before.map.values()} | {rule.of for rule in before.rules}
    asked = {cell.of for cell in spec.map.values()} | {rule.of for rule in spec.rules}
    if others := sorted(str(one) for one in asked - stood - mine if one):
        raise UsageError("There is no such source of yours to refer to: {names}.", names=", ".join(others))


def _known(lacking: list[str], names: list[str]) -> None:
    if lacking:
        raise UsageError(
            "The file has no such column: {names}.", hint="It has: {there}.",
            names=", ".join(lacking[:10]), there=", ".join(names[:40]),
        )  # fmt: skip
