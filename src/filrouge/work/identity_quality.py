"""How identity stands, kept at the end of each resolution; and evaluations on labelled files that somebody keeps."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any

from django.db import transaction

from filrouge.base import clock
from filrouge.domain.identity.quality import Measured
from filrouge.store.models import Doubt, Evaluation, IdentityQuality, Run
from filrouge.work import audit

KEPT = 400  # resolutions whose figures are kept: more than a year, day by day


def keep(run: Run, measured: Measured, counts: Mapping[str, int], model: Mapping[str, Any]) -> IdentityQuality:
    """Keep what was measured at the end of ``run``; its doubts take the place of those before."""
    figures = dict(measured.figures)
    origins = [list(pair[:2]) for pair in figures["origins"]]
    places = {person: place for place, person in enumerate(dict.fromkeys(row["person"] for row in measured.doubts))}
    with transaction.atomic():
        row = IdentityQuality.objects.create(
            run=run.id, at=run.started_at, records=counts["records"], people=counts["people"],
            new_people=counts["new_people"], merges=counts["merges"], splits=counts["splits"],
            reviews=counts["reviews"], doubts=figures["doubts"]["people"], largest=figures["largest"],
            model=str(model.get("version", "")), figures=figures, learned=learned(model),
        )  # fmt: skip
        Doubt.objects.all().delete()
        Doubt.objects.bulk_create(
            [
                Doubt(
                    person=told["person"], code=told["code"], figure=told["figure"], records=told["records"],
                    origins=[origins[o] for o in told["origins"]], place=places[told["person"]],
                )
                for told in measured.doubts
            ],
            batch_size=200,
        )  # fmt: skip
        old = IdentityQuality.objects.order_by("-at").values_list("pk", flat=True)[KEPT:]
        IdentityQuality.objects.filter(pk__in=list(old)).delete()
        audit.record("identity.measure", by=run.by, kind="run", subject=str(run.id), doubts=row.doubts)
    return row


def learned(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model compares and what each level tells in bits, without the SQL that tells the levels apart."""
    return {
        "version": model.get("version", ""), "healthy": bool(model.get("healthy")), "prior": model.get("prior", 0.0),
        "notes": list(model.get("notes", ())),
        "comparisons": [
            {
                "name": one["name"],
                "levels": [
                    {"label": level["label"], "bits": round(log2(level["m"] / level["u"]), 1)}
                    for level in one["levels"]
                    if level["m"] > 0 and level["u"] > 0
                ],
            }
            for one in model.get("comparisons", ())
        ],
    }  # fmt: skip


def keep_evaluation(name: str, figures: Mapping[str, Any], *, by: str) -> Evaluation:
    """Keep how close identity came to the truth on a labelled file."""
    said = {key: value for key, value in figures.items() if key != "columns"}  # words of a file are not ours to keep
    with transaction.atomic():
        row = Evaluation.objects.create(name=name[:200], by=by, figures=said, created_at=clock.now())
        audit.record("identity.evaluate", by=by, kind="evaluation", subject=str(row.id), records=int(said["records"]))
    return row
