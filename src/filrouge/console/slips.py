"""A form sent twice is done once: it bears a slip, and the second sending is answered as the first was."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from filrouge.base.errors import Conflict
from filrouge.work import answers

View = Callable[..., HttpResponse]
NAME = "slip"
PATIENCE, STEP = 5.0, 0.1  # seconds that a second click waits for what the first one does


def once(view: View) -> View:
    """Make ``view`` do once what one slip asks; the same words sent again are answered the same, other words are new.

    What was refused is not kept: it may be sent again.
    """

    @wraps(view)
    def sent(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        slip = request.POST.get(NAME, "") if request.method == "POST" else ""
        if not slip:
            return view(request, *args, **kwargs)
        answer = _begin(request, slip)
        if answer.status is not None:
            return _again(request, answer)
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            answers.drop(answer)
            raise
        told = getattr(request, "_filrouge_told", None)
        if told is None:  # refused, or a page to fill in further
            answers.drop(answer)
        else:
            answers.keep(answer, response.status_code, json.dumps(told | {"to": response.get("Location", "/")}))
        return response

    return sent


def tell(request: HttpRequest, said: str, undo: str) -> None:
    """Tell that something was done, and remember it for whoever sends the same form again."""
    request._filrouge_told = {"said": said, "undo": undo}  # type: ignore[attr-defined]
    messages.success(request, said, extra_tags=undo)


def _begin(request: HttpRequest, slip: str) -> Any:
    fields = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    sent: list[tuple[str, Any]] = list(request.FILES.items())
    files = sorted((name, one.name, one.size) for name, one in sent)
    asked = json.dumps([request.path, fields, *files]).encode()
    # Whoever goes back and writes something else means another act, though the page still bears the same slip.
    key = hashlib.sha256(slip.encode() + asked).hexdigest()
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return answers.begin(f"console {request.user.pk}", key, asked)
        except Conflict:
            if time.monotonic() > until:
                raise
            time.sleep(STEP)


def _again(request: HttpRequest, answer: Any) -> HttpResponse:
    told = json.loads(answer.body)
    messages.success(request, told["said"], extra_tags=told["undo"])
    return HttpResponseRedirect(told["to"])
