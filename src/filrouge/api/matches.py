"""One record against everybody the caller sees: whose it is, why, and how sure that is."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Router, Schema, Status
from pydantic import ConfigDict, Field

from filrouge.api.door import caller
from filrouge.domain.identity import Step
from filrouge.domain.identity.anatomy import anatomy, probability
from filrouge.work import arrivals, lengths, matches

router = Router(tags=["identity"])
Text = Annotated[str, Field(max_length=matches.LONGEST)]


class RecordIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt name would otherwise say nothing, and make a stranger

    given_name: Text = ""
    family_name: Text = ""
    full_name: Text = ""
    birth_name: Text = ""
    birth_date: Text = ""
    sex: Text = ""
    email: Text = ""
    phone: Text = ""
    address_line: Text = ""
    postcode: Text = ""
    city: Text = ""
    loyalty_id: Text = ""
    account_ref: Text = ""
    entity: Annotated[str, Field(max_length=lengths.SLUG)] = ""  # whose loyalty card or account it is
    brand: Annotated[str, Field(max_length=lengths.SLUG)] = ""
    keep: bool = False  # for that entity and brand, of the person found or of a new one


class Part(Schema):
    name: str
    level: str
    bits: float


class Pair(Schema):
    """The record and one that is known: what speaks for one person, in parts that add up to the bits."""

    record: str  # keys are beyond what JavaScript counts exactly: they travel as text
    source: str
    brand: str
    decision: str
    rule: str
    bits: float
    probability: float
    kinds: list[str]
    parts: list[Part]


class Candidate(Schema):
    person: str
    bits: float
    probability: float
    records: int
    pair: Pair | None


class Matched(Schema):
    person: str | None
    probability: float | None
    bits: float | None
    decision: str
    rule: str
    pairs: list[Pair]
    candidates: list[Candidate]
    kept: bool = False  # durably, of ``person``


@router.post(
    "/match", response={200: Matched, 201: Matched},
    summary="Whose is this record? With keep, it is written down at once; an Idempotency-Key keeps it once",
)  # fmt: skip
def match(
    request: HttpRequest, said: RecordIn, idempotency_key: Annotated[str, Header(alias="Idempotency-Key")] = ""
) -> Status[dict[str, Any]]:
    values = said.model_dump()
    entity, brand, keep = (values.pop(name) for name in ("entity", "brand", "keep"))
    if not keep:
        return Status(200, plain(matches.match(caller(request), values, entity=entity)))
    kept = arrivals.keep(caller(request), values, entity=entity, brand=brand, token=idempotency_key[:200])
    return Status(201 if kept.new else 200, plain(kept.told) | {"person": kept.person, "kept": True})


def plain(told: matches.Told) -> dict[str, Any]:
    """Return a match as JSON holds it; pairs are told to those who read evidence."""
    found, pairs = told.match, [pair for step in told.match.steps if (pair := _pair(told, step))]
    return {
        "person": told.person,
        "probability": _share(found.bits),
        "bits": found.bits,
        "decision": found.decision,
        "rule": found.rule if pairs or found.decision == "alone" else "recognised",
        "pairs": pairs,
        "candidates": [
            {
                "person": told.today(one.step.right), "bits": one.bits, "probability": _share(one.bits),
                "records": one.records, "pair": _pair(told, one.step),
            }
            for one in found.candidates
        ],
    }  # fmt: skip


def _pair(told: matches.Told, step: Step) -> dict[str, Any] | None:
    known = told.records.get(step.right)
    if known is None or not known.evidence:
        return None
    bits = step.weight or 0.0
    parts = anatomy(step.told, bits, rule=step.rule if step.decision == "rule" else "")
    return {
        "record": str(step.right), "source": known.source, "brand": known.brand, "decision": step.decision,
        "rule": step.rule, "bits": bits, "probability": _share(bits), "kinds": list(step.kinds),
        "parts": [{"name": p.name, "level": p.level, "bits": round(p.bits, 2)} for p in (parts.parts if parts else ())],
    }  # fmt: skip


def _share(bits: float | None) -> float | None:
    return None if bits is None else round(probability(bits), 4)
