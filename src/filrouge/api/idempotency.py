"""``Idempotency-Key``: the same call sent twice is done once, and answered twice the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from filrouge.base.errors import FilrougeError, Refused

KNOWN = "filrouge.key"  # where a request holds its bearer word and the key that it was found to be
# These answers hold a word that is told once and kept nowhere: a second call is told that, and no more.
TOLD_ONCE = ("/api/v1/accounts", "/api/v1/senders/keys")


class IdempotencyMiddleware:
    """Stand before every POST of the API that bears a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method != "POST" or not request.path.startswith("/api/v1/"):
            return self.get_response(request)
        from filrouge.api.door import problem, unknown
        from filrouge.work import access, answers

        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        try:  # what was answered to a key is not told to whoever holds it once it is revoked
            known = access.key_of(word if scheme.lower() == "bearer" else "")
        except Refused:
            return unknown(request)
        asked = b"\n".join((request.get_full_path().encode(), request.body))
        try:
            answer = answers.begin(request.headers.get("Authorization", ""), key, asked)
        except FilrougeError as error:
            return problem(request, error.status, error.message, error.hint)
        if answer.status is not None:
            return self._again(request, answer)
        request.META[KNOWN] = word, known
        try:
            response = self.get_response(request)
        except BaseException:
            answers.drop(answer)
            raise
        if not isinstance(response, HttpResponse):  # a file is not kept: asked again, it is written again
            answers.drop(answer)
            return response
        secret = request.path.startswith(TOLD_ONCE)
        answers.keep(answer, response.status_code, "" if secret else response.content.decode())
        return response

    def _again(self, request: HttpRequest, answer: Any) -> HttpResponse:
        from filrouge.api.door import problem

        if request.path.startswith(TOLD_ONCE) and answer.status in (200, 201):
            return problem(
                request, 409, "This was done at the first call, which told a word that is kept nowhere.",
                "If the answer was lost, revoke what was made and make another.",
            )  # fmt: skip
        kind = "application/json" if (answer.status or 0) < 400 else "application/problem+json"
        response = HttpResponse(answer.body, status=answer.status, content_type=f"{kind}; charset=utf-8")
        response["Idempotent-Replayed"] = "true"
        return response
