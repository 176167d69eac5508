"""Alerts: what waits is looked for in the runs themselves, told to its owners in one message, again while it lasts."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from filrouge.base import clock
from filrouge.base.errors import Conflict, DefinitionError, FilrougeError, NotFound, UsageError
from filrouge.connect import letters
from filrouge.domain.quality.alerts import GROUP, Told, due, reaches
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import Alert, AlertAddress, Notice, Ruling, Run, Secret, Source
from filrouge.work import audit, secrets, wording

log = logging.getLogger("filrouge.alerts")
LEASE = timedelta(seconds=120)
RETRIES = 12
KEPT = timedelta(days=90)  # how long an alert that is over is remembered
LANGUAGES = ("fr", "en")


def add(name: str, secret: str, *, owner: str, language: str = "fr", by: str) -> AlertAddress:
    """Keep where the alerts of ``owner`` go: to the address that ``secret`` holds.

    Raises NotFound without such a secret, UsageError when it holds no address, Conflict when the name is taken.
    """
    if language not in LANGUAGES:
        raise UsageError("Alerts are written in fr or en.", hint="Choose one of them.")
    if not Secret.objects.filter(name=secret).exists():
        raise NotFound(
            "No secret is called {name}.", hint="`filrouge secret keep {name}` takes the address.", name=secret[:60]
        )
    letters.check(secrets.reveal(secret))
    try:
        with transaction.atomic():
            made = AlertAddress(name=name, secret=secret, owner=owner, language=language, by=by)
            made.full_clean(validate_unique=False)
            made.save(force_insert=True)
            audit.record("alert.add", by=by, kind="alert", subject=name)
    except IntegrityError:
        raise Conflict("The name {name} is taken.", hint="Choose another name.", name=name) from None
    except ValueError:
        raise UsageError("A name is made of letters, digits, - and _.", hint="For instance: ana-mail.") from None
    return made


def remove(name: str, *, by: str) -> None:
    """Send nothing to an address any more. Raises NotFound."""
    with transaction.atomic():
        if not AlertAddress.objects.filter(name=name).delete()[0]:
            raise NotFound("No address is called {name}.", hint="`filrouge alert list` tells them.", name=name[:60])
        audit.record("alert.remove", by=by, kind="alert", subject=name)


def addresses() -> list[AlertAddress]:
    """Return where alerts go, by name; never what the secrets hold."""
    return list(AlertAddress.objects.all())


def check(name: str) -> None:
    """Send a trial message to an address. Raises NotFound, DestinationError."""
    row = AlertAddress.objects.filter(name=name).first()
    if row is None:
        raise NotFound("No address is called {name}.", hint="`filrouge alert list` tells them.", name=name[:60])
    title, body = wording.trial(row.language)
    letters.send(secrets.reveal(row.secret), title=title, body=body)


def forget_old() -> None:
    """Forget the alerts that were over three months ago, and what was sent of them."""
    Alert.objects.filter(resolved_at__lt=clock.now() - KEPT).delete()


def look() -> None:
    """Open an alert for what waits, close what does not any more, and make the notices that are due.

    All is worked out from the runs: whoever dies half-way leaves nothing that the next look does not find again.
    """
    told = addresses()
    if not told:
        return
    now = clock.now()
    waiting = {key: (kind, run, owners) for key, kind, run, owners in _waiting()}
    for key, (kind, run, owners) in waiting.items():
        if not Alert.objects.filter(key=key, resolved_at=None).exists():
            with suppress(IntegrityError), transaction.atomic():  # another worker saw it too
                Alert.objects.create(key=key, kind=kind, source_name=run.source_name, run=run, owners=owners)
    Alert.objects.filter(resolved_at=None).exclude(key__in=waiting).update(resolved_at=now)
    recent = Alert.objects.filter(Q(resolved_at=None) | Q(resolved_at__gte=now - timedelta(days=1)))
    for alert in recent.prefetch_related("notices"):
        _notify(alert, [one for one in told if reaches(one.owner, alert.owners)])


def _waiting() -> Iterable[tuple[str, str, Run, list[str]]]:
    """Yield what waits for somebody: the last run of a source, when it is held, failed or looks doubtful."""
    for source in Source.objects.exclude(kind="collect"):
        run = Run.objects.filter(source=source, kind="import", lookup=False).exclude(state=Run.State.RUNNING).first()
        if run is None:
            continue
        if run.state in (Run.State.HELD, Run.State.FAILED):
            kind = "held" if run.state == Run.State.HELD else "failed"
        elif run.state == Run.State.COMMITTED and run.verdict == "doubtful" and run.held_at is None:
            kind = "doubtful"
        else:
            continue
        key = f"{kind} {run.id}" if kind == "held" else f"{kind} {source.name}"
        yield key, kind, run, _owners(source, run)


def _owners(source: Source, run: Run) -> list[str]:
    """Return whose alert it is: the owners of the rules that are broken, else those of the source."""
    rules = Ruling.objects.filter(run=run).exclude(said="ok").exclude(owner="").values_list("owner", flat=True)
    if found := sorted(set(rules)):
        return found
    try:
        owner = SourceSpec.parse(source.spec, what=source.name).owner
    except DefinitionError:
        return []
    return [name for name in (owner.technical, owner.business) if name]


def _notify(alert: Alert, told: Iterable[AlertAddress]) -> None:
    over, now = alert.resolved_at is not None, clock.now()
    for address in told:
        mine = [one for one in alert.notices.all() if one.address_id == address.pk]
        if over:
            Notice.objects.filter(alert=alert, address=address, state="waiting", what__in=("opened", "again")).delete()
        what = due([Told(one.what, one.created_at, one.sent_at is not None) for one in mine], over=over, at=now)
        if what is not None:
            Notice.objects.create(alert=alert, address=address, what=what)


def send() -> int:
    """Send the notices that are due, those of one address in one message; return how many messages went.

    They are claimed for a while, sent, then marked as done: a crash loses none, and one sent twice says so.
    """
    sent = 0
    for address in addresses():
        claimed = _claim(address)
        if not claimed:
            continue
        rows = list(Notice.objects.filter(claim=claimed, state="sending").select_related("alert", "alert__run"))
        title, body = wording.message(rows, address.language)
        try:
            letters.send(secrets.reveal(address.secret), title=title, body=body)
        except FilrougeError as error:
            log.error("alert not taken: %s", type(error).__name__)
            continue  # the lease ends, and it is tried again
        Notice.objects.filter(claim=claimed).update(state="done", sent_at=clock.now(), lease_until=None)
        sent += 1
    return sent


def _claim(address: AlertAddress) -> uuid.UUID | None:
    """Take the notices of an address once the first has waited for others; None when none is due."""
    now = clock.now()
    free = Q(state="waiting") | Q(state="sending", lease_until__lt=now)
    mine = Notice.objects.filter(free, address=address, attempts__lt=RETRIES)
    first = mine.order_by("created_at").first()
    if first is None or now - first.created_at < GROUP:
        return None
    claim = uuid.uuid4()
    taken = 0
    for row in mine:
        held = Notice.objects.filter(free, pk=row.pk, attempts=row.attempts)
        lease = now + LEASE * min(2**row.attempts, 30)  # whoever does not answer is asked less and less often
        taken += held.update(state="sending", claim=claim, lease_until=lease, attempts=row.attempts + 1)
    return claim if taken else None
