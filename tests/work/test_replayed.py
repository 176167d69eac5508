"""What was set aside, corrected, comes out of the live worker once: in the lake, on the ledger, off the list."""

from __future__ import annotations

import pytest
from tests.work.test_draining import drain, group, say, send, spool, turns  # noqa: F401 fixtures among them
from tests.world import World

from filrouge.base.errors import Conflict
from filrouge.domain.events.edits import Edit
from filrouge.domain.privacy.caller import OWNER
from filrouge.spool import Spool
from filrouge.store.models import Ledger, PlanFinding
from filrouge.store.queries import moving
from filrouge.store.queries import quarantine as found
from filrouge.store.queries.quarantine import Chosen
from filrouge.work import draining, plans, quarantine, waiting

BOUGHT = {"kind": "track", "name": "Bought", "schema": {"properties": {"price": {"type": "number"}}}}


def _worked() -> None:
    """A worker of its own, from what the last one left."""
    made = draining.Drain(waiting.opened())
    turns(made)
    made.finish()
    made.close()


@pytest.mark.usefixtures("drain")
def test_corrected_twice_the_first_correction_stands_and_its_line_is_closed(group: World, spool: Spool) -> None:  # noqa: F811
    send(spool, '{"type":"track","userId":"u","properties":{"a":1}}', say("track", 1, 2, userId="u"))
    _worked()
    assert found.totals(OWNER) == {"site": 2}
    done = quarantine.correct(OWNER, "site", Chosen(code="event_missing"), [Edit("set", "event", "Bought")])
    assert done.passing == 2
    with pytest.raises(Conflict):  # before the worker came
        quarantine.correct(OWNER, "site", Chosen(code="event_missing"), [Edit("set", "event", "Sold")])
    _worked()
    assert found.totals(OWNER) == {}
    assert [row["name"] for row in group.rows("SELECT name FROM events")] == ["Bought", "Bought"]
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.accepted, ledger.quarantined, ledger.duplicate, ledger.lost) == (4, 2, 2, 0, 0)


@pytest.mark.usefixtures("drain")
def test_a_plan_sets_aside_and_lets_through_what_is_put_right(group: World, spool: Spool) -> None:  # noqa: F811
    plans.keep(OWNER, "site", {"mode": "enforce", "events": [BOUGHT]})
    prices = ("12,50", "free", 3)
    send(
        spool, *(say("track", 1, n, userId="u", event="Bought", properties={"price": p}) for n, p in enumerate(prices))
    )
    _worked()
    assert found.totals(OWNER) == {"site": 2}
    assert PlanFinding.objects.get().count == 2
    (told,) = found.groups(found.plans.sender("site", OWNER), OWNER)
    assert (told.code, told.name, told.field, told.count) == ("plan_violated", "Bought", "properties.price", 2)
    edits = [Edit("convert", "properties.price", to="number")]
    assert quarantine.correct(OWNER, "site", Chosen(), edits).passing == 1
    _worked()
    assert found.totals(OWNER) == {"site": 1}
    assert len(group.rows("SELECT 1 FROM events")) == 2


@pytest.mark.usefixtures("drain")
def test_discarded_it_stays_away_until_it_is_sent_right(group: World, spool: Spool) -> None:  # noqa: F811
    wrong = say("track", 1, 1, userId="u")
    send(spool, wrong)
    _worked()
    assert quarantine.discard(OWNER, "site", Chosen(code="event_missing")).count == 1
    send(spool, wrong)
    _worked()
    assert found.totals(OWNER) == {}
    send(spool, {**wrong, "event": "Bought"})
    _worked()
    assert len(group.rows("SELECT 1 FROM events")) == 1


@pytest.mark.usefixtures("drain")
def test_what_was_set_aside_a_moment_ago_is_known_of_before_the_lake_holds_it(
    group: World,  # noqa: F811
    spool: Spool,  # noqa: F811
) -> None:
    plans.keep(OWNER, "site", {"mode": "enforce", "events": [BOUGHT]})
    assert not moving.lately_aside("site")
    bought = say("track", 1, 1, userId="u", event="Bought", properties={"price": "free"})
    send(spool, bought, say("track", 1, 2, userId="u", event="camille@example.org", properties=3))
    made = draining.Drain(waiting.opened())
    turns(made)
    assert moving.lately_aside("site")
    names = sorted((line.code, line.name) for line in moving.lines("site", verdict="quarantined"))
    assert names == [("field_wrong", ""), ("plan_violated", "Bought")], "a name that may be somebody's is left out"
    made.finish()
    made.close()
    assert not moving.lately_aside("site")
    assert found.totals(OWNER) == {"site": 2}
