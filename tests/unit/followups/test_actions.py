"""What to say now: few things, by a stated rule, and what not to say with its reason; answers move the next ranking."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.followups import Answered, Planned, Promised, Scored, Seen, rank
from filrouge.domain.followups.actions import ACTIONS, DUTIES, MANY
from filrouge.domain.privacy.may_i import Decision
from filrouge.domain.profiles import Alert

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
WHERE = {"entity": "groupe", "brand": "horizon"}
YES, NO = Decision(True, "consented"), Decision(False, "no_consent")
LIKES = Scored("groupe", "horizon", "propensity_subscription_horizon", 80.0, "high")
LEAVES = Scored("groupe", "horizon", "churn_90", 70.0, "high", 12.0)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def seen(**more: Any) -> Seen:
    return Seen(**({"at": NOW, "entity": "groupe", "brand": "horizon", "scores": (LIKES,),
                    "offers": {("groupe", "horizon"): YES}} | more))  # fmt: skip


def complaint(days: int = 6) -> Alert:
    return Alert("complaint_open", "danger", WHERE | {"ref": "R-912", "since": ago(days).isoformat()})


def said(ranking: Any) -> list[str]:
    return [one.action for one in ranking.actions]


def unsaid(ranking: Any) -> list[tuple[str, str]]:
    return [(one.what, one.why) for one in ranking.unsaid]


def promise(days: float, **more: Any) -> Promised:
    return Promised(**({"id": "1", **WHERE, "text": "Rembourser", "due_at": NOW + timedelta(days=days)} | more))


def past(answer: str, days: float, **more: Any) -> Answered:
    values = {"action": "offer", "subject": "subscription_horizon",
              "cause": "score propensity_subscription_horizon groupe"}  # fmt: skip
    return Answered(**(values | {"said": answer, "at": ago(days)} | more))


def test_three_things_at_most_are_said_the_weightiest_first() -> None:
    told = rank(
        seen(
            alerts=[Alert("payment_failed", "warning", WHERE | {"at": ago(2).isoformat(), "reason": "carte"})],
            promises=[promise(-2)], scores=(LIKES, LEAVES), since=ago(4000),
            planned=[Planned("7", **WHERE, subject="Rappeler", due_at=ago(1))],
        )
    )  # fmt: skip
    assert said(told) == ["keep_promise", "mend_payment", "do_follow_up"]


def test_an_open_complaint_hides_offers_and_says_so() -> None:
    told = rank(seen(alerts=[complaint()]))
    assert said(told) == ["settle_complaint"]
    assert ("offers", "complaint_open") in unsaid(told)


def test_an_overdue_promise_hides_the_offers_of_its_entity_alone() -> None:
    other = dataclasses.replace(LIKES, entity="boutique", name="propensity_shop_halle")
    told = rank(
        seen(
            promises=[promise(-1)],
            scores=(LIKES, other),
            offers={("groupe", "horizon"): YES, ("boutique", "halle"): YES},
        )
    )
    assert [(one.action, one.entity) for one in told.actions] == [("keep_promise", "groupe"), ("offer", "boutique")]
    assert ("offers", "promise_overdue") in unsaid(told)


@pytest.mark.parametrize(
    ("answer", "why"), [(NO, "no_consent"), (Decision(False, "objected"), "objected"), (None, "no_consent")]
)
def test_an_offer_that_may_not_be_made_is_not_said_and_says_why(answer: Any, why: str) -> None:
    told = rank(seen(offers={("groupe", "horizon"): answer} if answer else {}))
    assert said(told) == []
    assert why in [reason for _, reason in unsaid(told)]


def test_restricted_data_leave_only_the_request_itself() -> None:
    told = rank(
        seen(
            alerts=[complaint(), Alert("restricted", "danger", {"entity": "groupe"})],
            scores=(LIKES, LEAVES),
            since=ago(4000),
        )
    )
    assert said(told) == ["settle_complaint"]
    assert ("all_but_service", "restricted") in unsaid(told)


@pytest.mark.parametrize(
    "kept", [promise(10, bars="offers"), promise(-1, text="Ne plus contacter le client"), promise(10, bars="contact")]
)
def test_a_promise_not_to_offer_is_not_contradicted(kept: Promised) -> None:
    told = rank(seen(promises=[kept]))
    assert said(told) == []
    assert (kept.forbids, "promised") in unsaid(told)


def test_the_cause_of_leaving_decides_what_is_done_about_it() -> None:
    wanted = Scored("groupe", "horizon", "churn_wanted_90", 20.0, "medium")
    payment = Scored("groupe", "horizon", "churn_payment_90", 60.0, "high")
    assert said(rank(seen(scores=(LEAVES, wanted, payment)))) == ["secure_payment"]
    assert said(rank(seen(scores=(LEAVES, dataclasses.replace(wanted, value=65.0), payment)))) == ["keep_customer"]


@pytest.mark.parametrize(
    ("answer", "rests", "again"), [("refused", 89, 91), ("accepted", 179, 181), ("unsuited", 0.9, 1.1)]
)
def test_what_was_answered_rests_and_comes_back(answer: str, rests: float, again: float) -> None:
    assert said(rank(seen(answered=[past(answer, rests)]))) == []
    assert said(rank(seen(answered=[past(answer, again)]))) == ["offer"]


def test_what_was_refused_is_told_with_the_day_until_which_it_rests() -> None:
    told = rank(seen(answered=[past("refused", 10)]))
    assert [one.params["until"] for one in told.unsaid if one.why == "refused"] == [ago(10) + timedelta(days=90)]


def test_a_refusal_of_one_offer_leaves_the_others() -> None:
    other = dataclasses.replace(LIKES, name="propensity_visit_horizon", value=75.0)
    told = rank(seen(scores=(LIKES, other), answered=[past("refused", 10)]))
    assert [one.subject for one in told.actions] == ["visit_horizon"]


def test_a_duty_that_was_refused_comes_back_the_next_day() -> None:
    answer = past("refused", 0.5, action="settle_complaint", subject="", cause="complaint R-912")
    assert "settle_complaint" not in said(rank(seen(alerts=[complaint()], answered=[answer])))
    answer = dataclasses.replace(answer, at=ago(1.5))
    assert "settle_complaint" in said(rank(seen(alerts=[complaint()], answered=[answer])))


def test_not_relevant_counts_for_less_for_this_person_and_for_all_once_many_say_so() -> None:
    (full,) = rank(seen()).actions
    (once,) = rank(seen(answered=[past("unsuited", 5)])).actions
    assert once.weight == full.weight / 2
    (few,) = rank(seen(crowd={"offer": (MANY - 1, MANY - 1)})).actions
    assert few.weight == full.weight
    (many,) = rank(seen(crowd={"offer": (MANY, 15)})).actions
    assert many.weight == full.weight / 4
    (some,) = rank(seen(crowd={"offer": (MANY, 9)})).actions
    assert some.weight == full.weight


ANSWER = st.builds(
    past, st.sampled_from(["accepted", "refused", "unsuited"]), st.floats(0, 400),
    action=st.sampled_from(ACTIONS), subject=st.sampled_from(["", "subscription_horizon"]),
    cause=st.sampled_from(["complaint R-912", "promise 1", "score propensity_subscription_horizon groupe"]),
)  # fmt: skip


@given(
    alerts=st.lists(st.sampled_from([complaint(), Alert("restricted", "danger", {"entity": "groupe"})]), max_size=2),
    promises=st.lists(
        st.builds(promise, st.floats(-60, 60), bars=st.sampled_from(["", "offers", "calls"])), max_size=2
    ),
    answered=st.lists(ANSWER, max_size=6),
    allowed=st.booleans(),
)
def test_whatever_was_said_before_an_offer_is_made_only_where_nothing_holds_it_back(
    alerts: list[Alert], promises: list[Promised], answered: list[Answered], allowed: bool
) -> None:
    told = rank(
        seen(
            alerts=alerts, promises=promises, answered=answered, offers={("groupe", "horizon"): YES if allowed else NO}
        )
    )
    weights = [one.weight for one in told.actions]
    assert len(told.actions) <= 3
    assert weights == sorted(weights, reverse=True)
    if "offer" in said(told):
        assert allowed
        assert not alerts
        assert all((one.due_at >= NOW) != (one.forbids == "offers") or one.forbids == "calls" for one in promises)
    if alerts and "settle_complaint" not in said(told) and complaint() in alerts:
        assert any(past.action in DUTIES for past in answered)
