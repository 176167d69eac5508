"""Lots given in JSON to an address: its limits waited out within reason, its answers read row by row.

A lot is ``{"push", "run", "lot", "rows": [{"action", "key", "values": {…}}]}``. An answer may name the rows that it did
not take: ``{"failed": [{"row": 3, "reason": "…"}]}``, or one word a row, in order: ``{"rows": [{"ok": false, …}]}``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from filrouge.base.errors import DestinationError, Phrase, SourceError
from filrouge.connect import keys, waiting
from filrouge.connect.destinations.base import LONGEST_ANSWER, Answered, Described, Lot, Parcel, Reach
from filrouge.connect.guard import client
from filrouge.domain.pushes.spec import DestinationSpec

TRIES = 5
LARGEST = 8 << 20  # bytes of an answer
HALVINGS = 64  # how often in a run a lot that is refused whole is cut in two, to find the rows that are at fault
_ADDRESS = re.compile(r"[^\s@<>()\"']+@[^\s@<>()\"']+")
_BAD_ROWS = (400, 409, 413, 422)


class REST:
    """Gives lots to an HTTP address."""

    def check(self, spec: DestinationSpec, reach: Reach) -> None:
        with _client(spec, reach) as http:
            empty = _body("check", "check", 0, [])
            _, status, _ = _asked(http, spec, empty, "check", tries=1)
        if status >= 300 and status not in _BAD_ROWS:  # an empty lot may be refused: the address answers
            raise _refused(status, spec)

    def describe(self, spec: DestinationSpec, reach: Reach) -> Described:
        return Described(spec.lot, urlsplit(spec.place).netloc)

    @contextmanager
    def open(self, spec: DestinationSpec, reach: Reach, parcel: Parcel) -> Iterator[_Line]:
        with _client(spec, reach) as http:
            yield _Line(http, spec, parcel)


class _Line:
    def __init__(self, http: httpx.Client, spec: DestinationSpec, parcel: Parcel) -> None:
        self.http, self.spec, self.parcel = http, spec, parcel
        self.halvings = HALVINGS

    def send(self, lot: Lot) -> Answered:
        rows = [row for table in lot.batches() for row in _rows(table.to_pylist(), self.parcel.columns)]
        refused: dict[int, str] = {}
        unsure: dict[int, str] = {}
        waiting, asked = [list(range(len(rows)))], 0
        while waiting:
            some = waiting.pop()
            asked += 1
            body = _body(self.parcel.push, self.parcel.run, lot.number, [rows[at] for at in some])
            try:
                answer, status, said = _asked(self.http, self.spec, body, f"{self.parcel.run}-{lot.number}-{asked}")
                if status >= 300 and status not in _BAD_ROWS:
                    raise _refused(status, self.spec)
            except DestinationError as error:
                error.arrived = error.arrived or asked > 1  # some of the lot was answered already
                raise
            bad, dark = answered(answer, len(some), self.spec.answers if status < 300 else "lot")
            refused |= {some[at]: why for at, why in bad.items()}
            if status < 300:
                unsure |= {some[at]: why for at, why in dark.items()}
            elif bad:  # the rows at fault are named: the others are given again without them
                waiting += [rest] if (rest := [one for at, one in enumerate(some) if at not in bad]) else []
            elif len(some) > 1 and self.halvings > 0:
                self.halvings -= 1
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
            else:
                refused |= dict.fromkeys(some, said)
        return Answered(
            {at: _without(why, rows[at]) for at, why in refused.items()},
            {at: _without(why, rows[at]) for at, why in unsure.items()},
        )


def _without(said: str, row: Mapping[str, Any]) -> str:
    """Return what was said of a row without what the row says of somebody."""
    told = _ADDRESS.sub("…", said)
    for value in (row["key"], *row.get("values", {}).values()):
        if value and len(value) > 2:
            told = told.replace(value, "…")
    return told[:LONGEST_ANSWER]


def answered(answer: Any, rows: int, how: str) -> tuple[dict[int, str], dict[int, str]]:
    """Return what was refused and what is unsure of a lot of ``rows``, by what an ``answer`` says of them."""
    refused: dict[int, str] = {}
    named: set[int] = set()
    if isinstance(answer, Mapping):
        listed = answer.get("rows", answer.get("results"))
        if isinstance(listed, list):
            for at, one in enumerate(listed[:rows]):
                if not isinstance(one, Mapping):
                    continue
                place = one.get("row", at)
                if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < rows:
                    continue
                named.add(place)
                if _failed(one):
                    refused[place] = _words(one)
        failed = answer.get("failed", answer.get("errors"))
        if isinstance(failed, list):
            for one in failed:
                place = one.get("row", one.get("index")) if isinstance(one, Mapping) else one
                if isinstance(place, int) and not isinstance(place, bool) and 0 <= place < rows:
                    refused[place] = _words(one) if isinstance(one, Mapping) else ""
                else:  # it says that something failed, and not what: nothing of it is believed
                    return refused, {at: "" for at in range(rows) if at not in refused}
        elif isinstance(failed, int) and not isinstance(failed, bool) and failed > len(refused):
            return refused, {at: "" for at in range(rows) if at not in refused}
    if how == "rows":
        return refused, {at: "" for at in range(rows) if at not in named and at not in refused}
    return refused, {}


def _failed(one: Mapping[str, Any]) -> bool:
    if "ok" in one:
        return one["ok"] is not True
    status = one.get("status")
    if isinstance(status, int):
        return not 200 <= status < 300
    if isinstance(status, str):
        return status.lower() not in ("ok", "success", "succeeded", "created", "updated", "deleted", "done", "accepted")
    return bool(one.get("error") or one.get("errors"))


def _words(one: Mapping[str, Any]) -> str:
    said = one.get("reason") or one.get("error") or one.get("message") or one.get("detail") or ""
    return " ".join(str(said).split())[:LONGEST_ANSWER]


def _rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        told = {"action": row["action"], "key": row["key"]}
        if row["action"] != "remove":
            told["values"] = {name: row[name] for name in columns}
        yield told


def _body(push: str, run: str, lot: int, rows: Sequence[Mapping[str, Any]]) -> bytes:
    return msgspec.json.encode({"push": push, "run": run, "lot": lot, "rows": rows})


@contextmanager
def _client(spec: DestinationSpec, reach: Reach) -> Iterator[httpx.Client]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    try:
        if reach.secret:
            headers |= keys.shown(spec.auth, reach.secret, user=spec.user, header=spec.header)
        made = client(private=spec.allow_private, allowed=reach.allow_private, headers=headers)
    except (ValueError, UnicodeError):
        raise DestinationError(
            "The secret of {host} cannot be sent as it is.", hint="Keep it again: letters, digits and signs only.",
            host=_host(spec),
        ) from None  # fmt: skip
    with made as http:
        yield http


def _asked(
    http: httpx.Client, spec: DestinationSpec, body: bytes, key: str, *, tries: int = TRIES
) -> tuple[Any, int, str]:
    """Give ``body`` until it is answered; return the answer, its status, and its words.

    Raises DestinationError when nobody answers: ``arrived`` when what was given may have come through.
    """
    why, arrived = Phrase("no answer"), False
    for attempt in range(tries):
        wait = waiting.between(attempt)
        try:
            with http.stream("POST", spec.place, content=body, headers={"Idempotency-Key": key}) as response:
                content = bytearray()
                for some in response.iter_bytes():
                    content += some
                    if len(content) > LARGEST:
                        break
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise DestinationError(
                "The place of the destination is no address.", hint="Write http://host/path or https://host/path."
            ) from None
        except SourceError:  # a private address
            raise DestinationError(
                "The address {host} is private: Filrouge does not connect to it.",
                hint="If it is meant, an engineer may allow it with `allow_private: true` in the definition.",
                host=_host(spec),
            ) from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            why = Phrase("nobody answers at the address")
        except httpx.HTTPError as error:
            arrived = True
            why = (
                Phrase("it takes too long")
                if isinstance(error, httpx.TimeoutException)
                else Phrase("the connection broke")
            )
        else:
            status = response.status_code
            if status != 429 and status < 500:
                answer = _decoded(bytes(content))
                return answer, status, _words(answer) if isinstance(answer, Mapping) else ""
            arrived = arrived or status >= 500
            why, wait = Phrase("it answered {status}", status=status), waiting.asked(response, wait)
        if attempt + 1 < tries:
            time.sleep(wait)
    raise DestinationError(
        "{host} does not take what it is given: {why}.",
        hint="What it did not confirm is given again at the next run.",
        retryable=True, arrived=arrived, host=_host(spec), why=why,
    )  # fmt: skip


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _refused(status: int, spec: DestinationSpec) -> DestinationError:
    if status in (401, 403):
        return DestinationError(
            "{host} refused the key of the destination ({status}).", hint="Give it a valid one.",
            host=_host(spec), status=status,
        )  # fmt: skip
    if 300 <= status < 400:
        return DestinationError(
            "{host} sends elsewhere ({status}), where Filrouge does not take people.",
            hint="Write the address it sends to in the destination.", host=_host(spec), status=status,
        )  # fmt: skip
    return DestinationError(
        "{host} answered {status}.", hint="Check the address of the destination.", host=_host(spec), status=status
    )


def _host(spec: DestinationSpec) -> str:
    return urlsplit(spec.place).netloc[:100]
