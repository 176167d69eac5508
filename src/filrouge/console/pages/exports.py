"""People taken out as a file: what for and for whom, how many that makes, then the file."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from filrouge.base import clock
from filrouge.base.errors import Refused, UsageError
from filrouge.connect.sheets import TYPES, Form
from filrouge.console import names, searches, words
from filrouge.console.errors import sentence
from filrouge.console.templatetags import say
from filrouge.console.who import opens_pages
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.privacy.perimeter import CHANNELS
from filrouge.domain.profiles import exports as rules
from filrouge.store.queries import group
from filrouge.work import exports


@login_required
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """Ask what the people are wanted for, count who may be reached and who may not, hand over the file."""
    asking = opens_pages(request)
    given = (request.POST if request.method == "POST" else request.GET).dict()
    text, filters = searches.asked(given)
    order = exports.Order(
        text, filters, purpose=given.get("purpose", ""), channel=given.get("channel", ""),
        entity=given.get("as_entity", ""), brand=given.get("as_brand", ""),
    )  # fmt: skip
    counts, fault = None, ""
    if order.purpose or request.method == "POST":
        try:
            if request.method == "POST":
                form = "xlsx" if given.get("form") == "xlsx" else "csv"
                return _file(request, asking, order, cast("Form", form))
            counts = exports.weigh(asking, order)
        except (UsageError, Refused) as error:
            fault = " ".join(part for part in sentence(error) if part)
    context = {
        "order": order,
        "query": searches.query(text, filters),
        "said": searches.said(text, filters),
        "hidden": [(name, value) for name, value in {"q": text, **filters.plain()}.items() if value],
        "counts": counts,
        "refused": _refused(counts),
        "fault": fault,
        "bound": exports.BOUND,
        **_choices(asking),
    }
    return render(request, "console/people/export.html", context, status=422 if fault else 200)


def _file(request: HttpRequest, asking: Caller, order: exports.Order, form: Form) -> HttpResponseBase:
    french = getattr(request, "LANGUAGE_CODE", "fr") == "fr"
    stream, _counts = exports.write(asking, order, form=form, say=word, delimiter=";" if french else ",")
    name = f"{_('people')}-{clock.now().astimezone(say.zone()):%Y-%m-%d-%H%M}.{form}"
    answer = FileResponse(stream, as_attachment=True, filename=name, content_type=TYPES[form])
    answer["Cache-Control"] = "no-store"
    return answer


def _refused(counts: exports.Counts | None) -> list[tuple[str, int]]:
    found = counts.left_out.most_common() if counts else []
    return [(words.say(reason, "decision_reason"), count) for reason, count in found if count]


def _choices(asking: Caller) -> dict[str, Any]:
    sees = asking.perimeter
    entities = [row for row in group.entities() if row.slug in sees.acting or sees.everything]
    brands = [row for row in group.brands() if any(sees.sees(entity.slug, row.slug) for entity in entities)]
    return {
        "purposes": [(code, words.say(code, "purpose")) for code in rules.purposes(asking.roles)],
        "channels": [(code, words.say(code, "channel")) for code in CHANNELS],
        "entities": [(row.slug, row.name) for row in entities],
        "brands": [(row.slug, row.name) for row in brands],
    }


def word(code: str, kind: str) -> str:
    """Say a code of an export in the reader's language."""
    if kind == "brand":
        return names.brand(code).name
    if kind == "entity":
        return names.entity(code)
    if kind == "moment":
        return say.zoned(code)
    return words.say(code, kind)
