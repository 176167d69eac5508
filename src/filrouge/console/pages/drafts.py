"""A file brought by hand becomes a source: read, told column by column, tried, imported; each step waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from filrouge.base.errors import DefinitionError, Refused, SourceError, UsageError
from filrouge.base.text import whole
from filrouge.console import drafts, shapes, slips, sources
from filrouge.console.errors import recalled, sentence
from filrouge.console.foreseen import foreseen
from filrouge.console.pages.acting import act, done
from filrouge.console.who import require
from filrouge.domain.sources import SourceSpec, columns
from filrouge.domain.sources.reaching import FILES
from filrouge.store.queries import drafts as found
from filrouge.store.queries.sources import reject
from filrouge.work import drafts as works
from filrouge.work.sources import SHOWN


@login_required
@slips.once
def new(request: HttpRequest) -> HttpResponse:
    """Take a file, and list those that wait for whoever brought them."""
    asking = require(request, *found.KEEPERS)
    brands = found.brands(asking)
    if not brands:
        raise Refused("There is no brand that you bring files for.", hint="Ask an administrator for one.")
    newer = request.POST.get("source") or request.GET.get("source") or ""
    fault = ""
    if request.method == "POST":
        file: Any = request.FILES.get("file")
        try:
            if file is None:
                raise UsageError("No file was chosen.", hint="Choose one.")
            draft, same = works.bring(
                asking, file.name or "", file.chunks(), brand=request.POST.get("brand", ""), source=newer
            )
        except (UsageError, SourceError, DefinitionError) as error:
            fault = " ".join(part for part in sentence(error) if part)
        else:
            said = _("This very file was being prepared: here it is.") if same else _("The file is here, whole.")
            return done(request, said, to=reverse("draft", args=[draft.pk]))
    context = {
        "brands": brands, "newer": newer, "fault": fault, "drafts": [_line(one) for one in found.drafts(asking)],
        "brand": request.POST.get("brand", ""), "largest": drafts.size(works.LARGEST),
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
    at = at or ("trial" if works.tried(draft) else "columns")
    seen, spec = works.seen(draft), SourceSpec.parse(draft.spec, what=draft.name)
    at = at if seen else "trial"  # of a usual system: what its columns say is known
    shown = asking.perimeter.role_sight("contact") == "show"
    told = columns.said(spec, [one.name for one in seen])
    local = spec.kind in FILES and not spec.remote
    context: dict[str, Any] = {
        "draft": draft, "size": drafts.size(draft.size), "reading": drafts.reading(draft.spec), "step": at,
        "faults": drafts.whole(told) if seen else [], "moving": moving, "job": job, "seen": bool(seen), "local": local,
    }  # fmt: skip
    if at == "columns":
        form = draft.spec.get("format") or {}
        context |= {
            "lines": drafts.lines(told, seen, shown=shown), "choices": drafts.choices(), "form": form,
            "changed": shapes.replaced(works.changed(draft)), "encodings": drafts.ENCODINGS, "masked": not shown,
            "delimiters": [(code, drafts.delimiter(code)) for code in drafts.DELIMITERS],
        }  # fmt: skip
        return render(request, "console/drafts/columns.html", context)
    rows = [sources.rejected(reject(row, spec, shown=shown)) for row in works.rejects(draft)]
    failed = job is not None and job.state == "failed" and not works.tried(draft)
    context |= {
        "tried": works.tried(draft),
        "counts": sources.labelled(draft.tried),
        "foreseen": foreseen(draft.tried, asking),
        "importable": draft.tried.get("new", 0) + draft.tried.get("changed", 0),
        "trouble": recalled(draft.trouble or (job.trouble if failed and job else {})),
        "rejects": [row for row in rows if not row["warning"]],
        "warnings": [row for row in rows if row["warning"]],
        "full": len(rows) == SHOWN,
        "shown": SHOWN,
    }
    return render(request, "console/drafts/trial.html", context)


@act
def read_as(request: HttpRequest, key: UUID) -> HttpResponse:
    """Read the file by other conventions."""
    asking = require(request, *found.KEEPERS)
    form: dict[str, Any] = {"header_row": max(whole(request.POST.get("header_row", "")) or 1, 1)}
    for name, allowed in (("encoding", drafts.ENCODINGS), ("delimiter", drafts.DELIMITERS)):
        if (said := request.POST.get(name, "")) in allowed:
            form[name] = said
    if sheet := request.POST.get("sheet", "").strip():
        form["sheet"] = sheet
    to = reverse("draft", args=[key]) + "?step=columns"
    try:
        works.read_as(asking, str(key), form)
    except (SourceError, DefinitionError) as error:
        raise UsageError("It cannot be read so.", hint="Choose other conventions.") from error
    return done(request, _("The file is read so; its columns are guessed anew."), to=to)


@act
def say(request: HttpRequest, key: UUID) -> HttpResponse:
    """Keep what each column says; then go on to the dry run when it is asked for."""
    asking = require(request, *found.KEEPERS)
    draft = found.draft(str(key), asking)
    works.say(asking, str(key), drafts.read_from(request.POST, works.seen(draft)))
    to = reverse("draft", args=[key])
    if request.POST.get("do") == "try":
        works.try_out(asking, str(key))
        return redirect(f"{to}?step=trial")
    return redirect(f"{to}?step=columns")


@act
def trial(request: HttpRequest, key: UUID) -> HttpResponse:
    """Count again what an import would do."""
    works.try_out(require(request, *found.KEEPERS), str(key))
    return redirect(reverse("draft", args=[key]) + "?step=trial")


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


def _line(draft: Any) -> dict[str, Any]:
    return {"draft": draft, "size": drafts.size(draft.size) if draft.size else drafts.reading(draft.spec)}
