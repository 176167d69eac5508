"""Home: what waits for the reader, not what exists."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from filrouge.base import clock
from filrouge.console import names, tasks
from filrouge.console.sources import told
from filrouge.console.who import caller
from filrouge.store.queries import home as found


@login_required
def home(request: HttpRequest) -> HttpResponse:
    asking = caller(request)
    waits = found.home(asking, at=clock.now())
    counts = waits.follow_up_counts
    return render(
        request,
        "console/home/home.html",
        {
            "todo": tasks.lines(waits.follow_ups, asking),
            "promised": tasks.lines(waits.promises, asking),
            "counts": counts,
            "reviews": waits.reviews,
            "doubtful": [told(line) for line in waits.sources],
            "silent": [
                {"title": names.source(one.sender.name), "name": one.sender.name, "since": one.since}
                for one in waits.silent
            ],
            "steps": [{"row": row, "line": line, "late": line.late(clock.now().date())} for row, line in waits.steps],
            "people": waits.people,
            "sample": waits.sample,
            "works_people": asking.has("advisor", "sales"),
            "works_sources": asking.has("engineer"),
            "opens_pages": asking.opens_pages(),
            "nothing": not (
                waits.follow_ups
                or waits.promises
                or waits.sources
                or waits.silent
                or waits.steps
                or waits.reviews["all"]
            ),
        },
    )
