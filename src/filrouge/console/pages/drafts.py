"""A file brought by hand becomes a source: read, told column by column, tried, imported; each step waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filrouge.base.errors import DefinitionError, Refused, SourceError, UsageError
from filrouge.base.text import whole
from filrouge.console import coded, drafts, faulty, shapes, slips, sources, words
from filrouge.console.errors import recalled, sentence
from filrouge.console.foreseen import foreseen, known, summed
from filrouge.console.pages.acting import act, done
from filrouge.console.profiled import said
from filrouge.console.taken import taken
from filrouge.console.templatetags import say
from filrouge.console.who import require
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.form import QUOTES
from filrouge.domain.sources.reaching import FILES
from filrouge.domain.sources.sighted import Sighted
from filrouge.domain.sources.spec import WHOLE
from filrouge.store.queries import drafts as found
from filrouge.store.queries.sources import reject
from filrouge.work import correcting, draft_brands, draft_files, draft_rows
from filrouge.work import drafts as works
from filrouge.work import faulty as grids
from filrouge.work import newer as news
from filrouge.work.sources import SHOWN
from filrouge.work.taken import told as told_taken

LATE = 20  # rows that are named to whoever came second


@login_required
@slips.once
def new(request: HttpRequest) -> HttpResponse:
    """Take a file, and list those that wait for whoever brought them."""
    asking = require(request, *found.KEEPERS)
    brands = found.brands(asking)
    if not brands:
        raise Refused(
            "There is no brand that you bring files for.", hint="Declare one under The group, or ask an administrator."
        )
    newer = request.POST.get("source") or request.GET.get("source") or ""
    system = request.POST.get("system") or request.GET.get("system") or ""
    fault = ""
    if request.method == "POST":
        file: Any = request.FILES.get("file")
        try:
            if file is None:
                raise UsageError("No file was chosen.", hint="Choose one.")
            draft, same = works.bring(
                asking, file.name or "", file.chunks(), brand=request.POST.get("brand", ""), source=newer, system=system
            )
        except (UsageError, SourceError, DefinitionError) as error:
            fault = " ".join(part for part in sentence(error) if part)
        else:
            said = _("The file is here, whole.")
            if same:
                imported = draft.state == "done"
                said = (
                    _("This very file was imported: here is its run.")
                    if imported
                    else _("This very file was being prepared: here it is.")
                )
            return done(request, said, to=reverse("draft", args=[draft.pk]))
    brand = request.POST.get("brand") or request.GET.get("brand") or ""
    context = {
        "brands": brands, "newer": newer, "fault": fault, "drafts": [_line(one) for one in found.drafts(asking)],
        "system": system[:30], "brand": brand or news.brand_of(asking, newer), "largest": drafts.size(works.LARGEST),
    }  # fmt: skip
    return render(request, "console/drafts/new.html", context, status=422 if fault else 200)


@login_required
def show(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the step that a draft is at: its columns, or what a dry run counted."""
    asking = require(request, *found.KEEPERS)
    draft = found.draft(str(key), asking)
    if draft.state == "done":
        to = reverse("run", args=[draft.run_id]) if draft.run_id else reverse("sources")
        # the page that follows the import asks for a part of itself: it is led to the run whole
        return HttpResponse(headers={"HX-Redirect": to}) if "HX-Request" in request.headers else redirect(to)
    job = found.job(draft)
    moving = job is not None and job.state in ("waiting", "running")
    at = "trial" if draft.state == "asked" or moving else request.GET.get("step", "")
    at = at or ("trial" if draft_files.tried(draft) else "columns")
    seen, spec = draft_files.seen(draft), SourceSpec.parse(draft.spec, what=draft.name)
    at = at if seen else "trial"  # of a usual system: what its columns say is known
    sees = draft_files.sighted(draft, asking)
    shown = sees.shown
    told = columns.said(spec, [one.name for one in seen])
    local = spec.kind in FILES and not spec.remote
    context: dict[str, Any] = {
        "draft": draft, "size": drafts.size(draft.size), "reading": drafts.reading(draft.spec), "step": at,
        "faults": drafts.whole(told, spec) if seen else [], "moving": moving, "job": job, "seen": bool(seen),
        "local": local, "brands": found.brands_of(draft),
    }  # fmt: skip
    if at == "columns":
        form = draft.spec.get("format") or {}
        profile = draft_files.profile_of(draft, asking.perimeter)
        able = _choices(asking, draft)
        refers = {code.partition("@")[0] for code, _said in able["says"]} & set(columns.refers(spec.reads))
        held = draft_files.values(draft)
        brands = draft_brands.able(asking, spec)
        lines = drafts.lines(told, seen, spec, sees=sees, profile=profile, values=held, brands=brands)
        context |= {
            "lines": lines, "lists": coded.lists(lines), "counted": profile,
            "computed": drafts.computed(spec), "functions": drafts.FUNCTIONS,
            "counting": found.profiling(draft), "file_faults": [said(one) for one in profile.faults] if profile else [],
            "choices": able, "form": form,
            "changed": shapes.replaced(draft_files.changed(draft)), "like": draft_files.like(draft),
            "newer": draft_files.newer_of(draft),
            "alone": bool(columns.refers(spec.reads)) and not refers,
            "encodings": drafts.ENCODINGS, "masked": not shown,
            "decimals": [(mark, words.say(mark, "value_mark")) for mark in drafts.DECIMALS],
            "quotes": [(code, words.say(code, "quote")) for code in QUOTES],
            "quote": drafts.quote(form),
            "delimiters": [(code, drafts.delimiter(code)) for code in drafts.DELIMITERS],
        }  # fmt: skip
        return render(request, "console/drafts/columns.html", context)
    tried = draft_files.tried(draft)
    mendable = tried and draft.state == "open" and draft_files.mendable(draft)
    rows = [] if mendable else [sources.rejected(reject(row, spec, sees)) for row in draft_files.rejects(draft)]
    asked = draft.state == "asked" and moving
    failed = job is not None and job.state == "failed" and (draft.state == "asked" or not tried)
    context |= {
        "asked": asked,
        "tried": tried,
        "sums": faulty.sums(draft.tried),
        "masked": not shown,
        "taken": taken(*told_taken(draft, spec, asking, shown=shown)) if tried else None,
        "foreseen": foreseen(draft.tried, asking),
        "matched": known(draft.tried.get("matched", 0), asking),
        "matched_number": summed(draft.tried.get("matched", 0), asking).count,
        "importable": draft.tried.get("new", 0) + draft.tried.get("changed", 0),
        "trouble": recalled(draft.trouble or (job.trouble if failed and job else {})),
        "rejects": [row for row in rows if not row["warning"]],
        "warnings": [row for row in rows if row["warning"] and not row["kept"]],
        "kept": [row for row in rows if row["warning"] and row["kept"]],
        "full": len(rows) == SHOWN,
        "shown": SHOWN,
    }
    if mendable:
        context |= _grid(request, draft, spec, sees)
    return render(request, "console/drafts/trial.html", context)


@act
def read_as(request: HttpRequest, key: UUID) -> HttpResponse:
    """Read the file by other conventions."""
    asking = require(request, *found.KEEPERS)
    asked = ("encoding", "delimiter", "quote", "header_row", "sheet", "decimal")
    stood = found.draft(str(key), asking).spec.get("format") or {}
    form: dict[str, Any] = {name: value for name, value in stood.items() if name not in asked}
    form["header_row"] = max(whole(request.POST.get("header_row", "")) or 1, 1)
    known = (("encoding", drafts.ENCODINGS), ("delimiter", drafts.DELIMITERS), ("decimal", drafts.DECIMALS))
    for name, allowed in known:
        if (said := request.POST.get(name, "")) in allowed:
            form[name] = said
    if (said := request.POST.get("quote", "")) in QUOTES:
        form["quote"] = QUOTES[said]
    if sheet := request.POST.get("sheet", "").strip():
        form["sheet"] = sheet
    to = reverse("draft", args=[key]) + "?step=columns"
    try:
        draft_rows.read_as(asking, str(key), form)
    except (SourceError, DefinitionError) as error:
        raise UsageError("It cannot be read so.", hint="Choose other conventions.") from error
    return done(request, _("The file is read so; its columns are guessed anew."), to=to)


@act
def tell(request: HttpRequest, key: UUID) -> HttpResponse:
    """Keep what each column says; then go on to the dry run when it is asked for."""
    asking = require(request, *found.KEEPERS)
    draft = found.draft(str(key), asking)
    seen, able = draft_files.seen(draft), _choices(asking, draft)
    told, strange = drafts.read_from(
        request.POST,
        seen,
        able,
        draft.spec["reads"],
        draft_files.values(draft),
        shown=found.shown(draft, asking),
        brands=draft_brands.able(asking, SourceSpec.parse(draft.spec, what=draft.name)),
    )
    made, wrong = drafts.computed_from(request.POST, seen, able, told)
    told, unfit = drafts.fitting(told, draft.spec["reads"])
    works.say(asking, str(key), told, made)
    if (refused := wrong or strange or unfit) is not None:
        raise refused
    to = reverse("draft", args=[key])
    if request.POST.get("do") == "try":
        works.try_out(asking, str(key))
        return redirect(f"{to}?step=trial")
    return redirect(f"{to}?step=columns")


@act
def become(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have the rows be people, or something that people did; what the columns say is guessed anew."""
    draft_rows.become(require(request, *found.KEEPERS), str(key), request.POST.get("reads", ""))
    return done(request, _("The columns are guessed anew."), to=reverse("draft", args=[key]) + "?step=columns")


@act
def trial(request: HttpRequest, key: UUID) -> HttpResponse:
    """Count again what an import would do."""
    works.try_out(require(request, *found.KEEPERS), str(key))
    return redirect(reverse("draft", args=[key]) + "?step=trial")


@act
def correct(request: HttpRequest, key: UUID) -> HttpResponse:
    """Keep what was typed of faulty rows, and try the file again."""
    saved = correcting.correct(require(request, *found.KEEPERS), str(key), faulty.typed(request.POST))
    to = f"{reverse('draft', args=[key])}?step=trial"
    if saved.late:
        text = ngettext(
            "Row %(rows)s was corrected by somebody else meanwhile: what you typed of it is not kept.",
            "Rows %(rows)s were corrected by somebody else meanwhile: what you typed of them is not kept.",
            len(saved.late),
        )
        messages.warning(request, text % {"rows": ", ".join(say.number(row) for row in saved.late[:LATE])})
    if not saved.rows:
        page = whole(request.POST.get("page", "")) or 1
        return done(request, _("Nothing was changed."), to=f"{to}&page={page}#faulty")
    return done(request, _saved(saved.rows), to=to)


@act
def take_back(request: HttpRequest, key: UUID) -> HttpResponse:
    """Forget what was said of some rows, and try the file again."""
    rows = correcting.take_back(require(request, *found.KEEPERS), str(key), faulty.ticked(request.POST))
    if not rows:
        raise UsageError("No row was ticked.", hint="Tick those that are to be as the file holds them.")
    text = ngettext("%(count)s row is as the file holds it.", "%(count)s rows are as the file holds them.", rows)
    return done(request, text % {"count": say.number(rows)}, to=f"{reverse('draft', args=[key])}?step=trial")


@act
def go(request: HttpRequest, key: UUID) -> HttpResponse:
    """Import the file as it was tried."""
    works.go(require(request, *found.KEEPERS), str(key))
    return done(request, _("The import begins; this page follows it."), to=reverse("draft", args=[key]))


@act
def drop(request: HttpRequest, key: UUID) -> HttpResponse:
    """Forget a file that is being prepared."""
    works.drop(require(request, *found.KEEPERS), str(key))
    return done(request, _("The file is gone."), to=reverse("source-new"))


def _grid(request: HttpRequest, draft: Any, spec: SourceSpec, sees: Sighted) -> dict[str, Any]:
    """Return a page of the rows to correct, or of what was said of rows already."""
    said, file = correcting.corrections(draft), draft_files.path_of(draft).name
    at_corrected = request.GET.get("show") == "corrected" and bool(said)
    names = [one.name for one in draft_files.seen(draft)]
    number = max(whole(request.GET.get("page", "")) or 1, 1)
    laid = grids.page(draft_files.folder(draft), number, spec, names) or grids.Page((), grids.PAGE, 0)
    if not laid.rows and laid.total:  # the last page emptied
        number = -(-laid.total // laid.size)
        laid = grids.page(draft_files.folder(draft), number, spec, names) or laid
    wrong = draft.tried.get("rejected", 0) - draft.tried.get("left_out", 0) + draft.tried.get("warned", 0)
    page = Paginator(range(laid.total), laid.size).get_page(number)
    return {
        "mendable": True, "said": len(said), "at_corrected": at_corrected, "total": wrong,
        "faulty": faulty.lines(laid.rows, sees, file=file), "most": grids.MOST,
        "beyond": max(wrong - laid.total, 0),
        "page": faulty.corrected(said, request, shown=sees.shown, file=file) if at_corrected else page,
    }  # fmt: skip


def _saved(rows: int) -> str:
    text = ngettext("%(count)s row is saved; the file is tried again.",
                    "%(count)s rows are saved; the file is tried again.", rows)  # fmt: skip
    return text % {"count": say.number(rows)}


def _choices(asking: Caller, draft: Any) -> dict[str, Any]:
    whole = draft.spec["kind"] in WHOLE
    several = draft_brands.able(asking, SourceSpec.parse(draft.spec, what=draft.name)) is not None
    return drafts.choices(draft.spec["reads"], draft_rows.referred(asking, draft), whole=whole, several=several)


def _line(draft: Any) -> dict[str, Any]:
    return {
        "draft": draft,
        "brands": found.brands_of(draft),
        "size": drafts.size(draft.size) if draft.size else drafts.reading(draft.spec),
    }
