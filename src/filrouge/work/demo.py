"""The sample group: eight systems beside the home folder, imported like any other, removed in one gesture."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from filrouge import sample
from filrouge.base import clock, settings
from filrouge.base.errors import Conflict
from filrouge.domain.privacy.caller import OWNER, Caller
from filrouge.domain.privacy.perimeter import EVERYTHING
from filrouge.sample import desk
from filrouge.store.live import Live
from filrouge.store.models import (
    BUILT_IN,
    Acquisition,
    Agreement,
    Brand,
    Claim,
    Doubt,
    Entity,
    FollowUpRule,
    IdentityQuality,
    Ledger,
    PlanFinding,
    Questions,
    Review,
    Run,
    ScoreModel,
    Source,
    TrackingPlan,
    User,
    Verdict,
    WriteKey,
)
from filrouge.tables import TABLES
from filrouge.work import (
    acquisitions,
    audit,
    baselines,
    demo_segments,
    followups,
    groups,
    identity,
    installation,
    live,
    memory,
    runs,
    score_models,
    scores,
    senders,
    sources,
)
from filrouge.work.erasures.reach import ACTS

BY = "demo"
ASKING = Caller(by=BY, perimeter=EVERYTHING)
LEARNING = 5_000  # people; of fewer, next to no model may be learned
# People before what refers to them, so that each run can tell how many it matched.
FIRST = ("crm_companies", "crm_people", "billing_people", "shop_people")


@dataclass(frozen=True)
class Login:
    """An account of the sample group, with its password."""

    name: str
    email: str
    password: str
    role: str
    scope: str


def build(*, people: int = 20_000, seed: int = 7, progress: runs.Progress = runs.silent, desk_port: int = 8765) -> bool:
    """Build the sample group in the home folder and run the whole chain; return False when it already stands.

    Raises Conflict when the home holds real sources.
    """
    installation.ready()
    if Source.objects.filter(sample=False).exists():
        raise Conflict(
            "This home folder holds real sources: the sample group does not go beside them.",
            hint="Set FILROUGE_HOME to another folder.",
        )
    folder = settings.get().sample
    mark = {"people": people, "seed": seed}
    if _stands(folder, mark):
        return False
    if Source.objects.exists():
        remove()
    made = sample.build(folder, people=people, seed=seed, desk_port=desk_port, progress=progress)
    set_up_group()
    with serving_desk(folder, desk_port):
        import_all(folder, progress=progress)
    identity.resolve(by=BY, progress=progress)
    followups.adopt(progress=progress)
    _score(progress, learning=people >= LEARNING)
    demo_segments.keep(by=BY, progress=progress)
    acquisitions.measure_all(by=BY)
    baselines.measure(by=BY)
    audit.chain_waiting()
    for table in TABLES:
        runs.lake().compact(table)
    (folder / "built.json").write_text(json.dumps({**mark, "rows": made.rows}), encoding="utf-8")
    return True


def _score(progress: runs.Progress, *, learning: bool) -> None:
    """Train the models, use those learned that tell more than their rule, and work out the scores."""
    for model in score_models.train(by=BY, progress=progress) if learning else ():
        told = model.card.get("auc") or 0
        if model.kind in ("learned", "trees") and told > max(0.6, model.card.get("rule_auc") or 0):
            score_models.promote(OWNER, model.entity, model.name, model.version)
    scores.run(by=BY, progress=progress)


def _stands(folder: Path, mark: dict[str, int]) -> bool:
    try:
        known = json.loads((folder / "built.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all(known.get(key) == value for key, value in mark.items()) and Source.objects.exists() and Live().ready()


def serving_desk(folder: Path, port: int = 8765) -> AbstractContextManager[Any]:
    """Serve the sample's support desk on the loopback while it is read; nothing when somebody already does."""
    try:
        return closing(desk.start(folder, port))
    except OSError:
        return nullcontext()


def import_all(folder: Path, *, progress: runs.Progress = runs.silent) -> None:
    """Add every source of the sample and run each once."""
    files = sorted((folder / "sources").glob("*.yaml"))
    named = {sources.add(path, by=BY, sample=True).name for path in files}
    ordered = [name for name in FIRST if name in named]
    ordered += sorted(name for name in named if name.endswith("people") and name not in ordered)
    ordered += sorted(named - set(ordered))
    for at, name in enumerate(ordered, start=1):
        progress("sources", at - 1, len(ordered))
        sources.run(name, by=BY, progress=_under(progress, name))
    progress("sources", len(ordered), len(ordered))


def _under(progress: runs.Progress, name: str) -> Callable[[str, int, int | None], None]:
    def told(step: str, done: int, total: int | None) -> None:
        progress(f"{name} · {step}", done, total)

    return told


def set_up_group() -> None:
    """Make the entities, brands, agreements and accounts of the sample group."""
    group = sample.GROUP
    for entity in group.entities:
        groups.add_entity(entity.id, entity.name, by=BY, registration_id=entity.registration_id, sample=True)
    for brand in group.brands:
        groups.add_brand(brand.id, brand.name, brand.entity, by=BY, colour=brand.colour, sample=True)
    if not Agreement.objects.filter(sample=True).exists():
        for row in group.agreements:
            groups.agree(
                row.giver,
                row.receiver,
                category=row.category,
                purpose=row.purpose,
                evidence=row.evidence,
                by=BY,
                sample=True,
            )
    for login in logins():
        account = next(account for account in group.accounts if account.email == login.email)
        if not User.objects.filter(email=login.email).exists():
            groups.add_user(
                login.email, login.name, role=account.role, by=BY, password=login.password, entities=account.entities,
                brands=account.brands, language=account.language, sample=True,
            )  # fmt: skip
    if not Acquisition.objects.filter(sample=True).exists():
        _buy()


def _buy() -> None:
    """Let the group have bought Le Cargo ten weeks ago: two of its systems are read, one is still to come."""
    engineer, officer = "remy@example.com", "claire@example.com"
    today = clock.now().date()
    acquisitions.start(
        ASKING, "le-cargo", name="Le Cargo", nature="share", parent="groupe-horizon", entity="le-cargo-sas",
        brands=["le-cargo"], started_on=today - timedelta(days=70), owner=engineer, sample=True,
        systems=[
            {"name": "emailing", "title": "E-mailing"}, {"name": "web", "title": "Site"},
            {"name": "cargo_tickets", "title": "Billetterie"},
        ],
    )  # fmt: skip
    acquisitions.say(ASKING, "le-cargo", "controller", "done", note="Le Cargo SAS reste responsable de ses données.")
    acquisitions.entrust(ASKING, "le-cargo", "informed", owner=officer, due_on=today + timedelta(days=7))
    acquisitions.entrust(ASKING, "le-cargo", "systems", owner=engineer, due_on=today - timedelta(days=3))


def logins() -> list[Login]:
    """Return the accounts of the sample group; their passwords are this installation's own."""
    secret = settings.get().secret_key.encode()
    found = []
    for account in sample.GROUP.accounts:
        word = hmac.new(secret, f"demo {account.email}".encode(), hashlib.sha256).hexdigest()
        scope = ", ".join([*account.entities, *account.brands]) or "*"
        found.append(Login(account.name, account.email, f"{word[:5]}-{word[5:10]}-{word[10:15]}", account.role, scope))
    return found


def remove() -> dict[str, int]:
    """Remove the sample group: its rows, files, accounts, brands and entities. Real data are not touched.

    Raises Conflict while one of its sources runs.
    """
    names = list(Source.objects.filter(sample=True).values_list("name", flat=True))
    if Run.objects.filter(state__in=("running", "staged")).exists():
        raise Conflict("A run is under way.", hint="Wait for it to end, then remove the sample.")
    real = Brand.objects.filter(sample=False, entity__sample=True).values_list("entity_id", flat=True)
    Entity.objects.filter(pk__in=list(real)).update(sample=False)  # a brand of yours was declared of it: it stays
    WriteKey.objects.filter(source__in=names).delete()
    senders.publish()  # nothing more is let in under their names
    lake = runs.lake()
    gone = {"sources": len(names), "rows": 0}
    owned = ", ".join(f"'{slug}'" for slug in Entity.objects.filter(sample=True).values_list("slug", flat=True)) or "''"
    listed = ", ".join(f"'{name}'" for name in names)
    with live.alone(), runs.writing():
        for table, declared in TABLES.items():
            if names and any(column.name == "source" for column in declared.every):
                gone["rows"] += lake.delete(
                    table, f"source IN ({listed}) OR (source = '{BUILT_IN}' AND entity IN ({owned}))"
                )
                lake.vacuum(table, everything=True)
        demo_segments.remove()
        # in the same hold: whoever flushes next finds no sender of these names, and drops what it has of them
        with transaction.atomic():
            for model in (*ACTS, Questions, FollowUpRule):
                model.objects.filter(entity__in=Entity.objects.filter(sample=True).values("slug")).delete()
            mine = Entity.objects.filter(sample=True).values("slug")
            for pairs in (Verdict.objects, Review.objects):
                pairs.filter(Q(left_entity__in=mine) | Q(right_entity__in=mine)).delete()
            ScoreModel.objects.filter(entity__in=mine).delete()
            for counted in (IdentityQuality, Doubt):  # the figures of the sample say nothing of what remains
                counted.objects.all().delete()
            Run.objects.filter(source__name__in=names).delete()
            for told in (WriteKey, Ledger, TrackingPlan, PlanFinding, Claim):
                told.objects.filter(source__in=names).delete()
            Source.objects.filter(sample=True).delete()
            Acquisition.objects.filter(sample=True).delete()
            User.objects.filter(sample=True).delete()
            gone_too = Q(giver__sample=True) | Q(receiver__sample=True)  # with an entity that is no more
            Agreement.objects.filter(Q(sample=True) | gone_too).delete()
            Brand.objects.filter(sample=True).delete()
            Entity.objects.filter(sample=True).delete()
            audit.record("sample.remove", by=BY, sources=len(names))
    senders.publish()
    sample.remove(settings.get().sample)
    memory.forget()
    _forget_told(names)
    if Source.objects.filter(reads="person_records").exists():
        identity.resolve(by=BY, full=True)
    else:
        for table in ("people", "golden_values", "scores", "score_values"):
            lake.delete(table, "true")
            lake.vacuum(table, everything=True)
        with live.alone():
            Live().drop()
    _forget_told(names)  # again: what the drain was at while they were removed
    return gone


def _forget_told(names: list[str]) -> None:
    """Remove what the live copies alone hold of the senders removed: what they told last."""
    copies = Live()
    with live.alone():
        if not copies.ready():
            return
        for name in names:
            with copies.writing():
                copies.rows_changed("DELETE FROM accounts WHERE source = %s", [name])
                copies.rows_changed("DELETE FROM stream WHERE source = %s", [name])
                copies.rows_changed("DELETE FROM tail WHERE replace(body, %s, '') <> body", [f'"source":"{name}"'])
