"""Contracts of a household: who pays for whom, invoices and payments, and the two ways of leaving."""

from __future__ import annotations

from filrouge.sample.catalogue import BUSINESS, JUNIOR, OFFERS, Campaign, Offer
from filrouge.sample.dice import Dice
from filrouge.sample.life import Contract, Invoice, Life

_METHODS = ("prelevement", "prelevement", "carte", "carte", "carte", "cheque")
_SOLD = ("web", "web", "web", "telephone", "kiosque", "salon", "courrier")
_FOUND = ("site", "site", "parrainage", "telemarketing", "salon", "moteur", "reseaux", "coupon")
_FAILED = ("provision insuffisante", "carte expirée", "opposition", "compte clos")
KEPT_DAYS = 740  # invoices older than that were archived elsewhere


def subscribe(house: list[Life], dice: Dice, campaigns: tuple[Campaign, ...]) -> None:
    """Give contracts to those whom billing knows, some of them read by somebody else in the household."""
    for life in house:
        if not life.billing or not life.person.adult:
            continue
        for rank in range(1 if dice.chance(0.8) else 2):
            offer, reader = _choice(life, house, dice)
            contract = _contract(life, rank, offer, reader, dice, campaigns)
            life.contracts.append(contract)
            if reader is not life:
                reader.billing = True
                reader.reads.append(contract)
        last = life.contracts[-1]
        if last.reason == "card" and last.end is not None and last.end > 40 and dice.chance(0.45):
            back = _contract(life, 3, last.offer, life, dice, ())
            back.start, back.end, back.reason = last.end - dice.between(5, 30), None, ""
            bill(back, dice)
            life.contracts.append(back)


def _choice(life: Life, house: list[Life], dice: Dice) -> tuple[Offer, Life]:
    children = [other for other in house if not other.person.adult]
    others = [other for other in house if other is not life]
    if children and dice.chance(0.5):
        return JUNIOR, dice.pick(children)
    if life.person.company is not None and life.crm == "client" and dice.chance(0.1):
        return dice.skewed(BUSINESS, 2.2), life
    offer = dice.skewed(OFFERS, 1.1)
    if others and dice.chance(0.16):
        return offer, dice.pick(others)
    return offer, life


def _contract(
    life: Life, rank: int, offer: Offer, reader: Life, dice: Dice, campaigns: tuple[Campaign, ...]
) -> Contract:
    start, campaign = int(25 + 2600 * dice.random() ** 1.6), ""
    found_by = dice.pick(_FOUND)
    sold = [each for each in campaigns if each.mood == "good" and each.brand == offer.brand]
    if sold and offer.brand in life.letters and dice.chance(0.13):
        chosen = dice.pick(sold)
        start, campaign, found_by = chosen.ago - dice.between(0, 2), chosen.code, "emailing"
    contract = Contract(
        number=f"AB{life.person.number * 4 + rank:08}", offer=offer, payer=life.person, reader=reader.person,
        start=start,
        renews=None, end=None, reason="", sold_by="salon" if found_by == "salon" else dice.pick(_SOLD),
        found_by=found_by,
        method="virement" if offer.kind == "company" else dice.pick(_METHODS), campaign=campaign,
    )  # fmt: skip
    _fate(contract, dice)
    bill(contract, dice)
    return contract


def _fate(contract: Contract, dice: Dice) -> None:
    throw, start = dice.random(), contract.start
    if start < 60 or contract.campaign or throw < 0.64:
        return
    contract.end = int(start * dice.random() ** 1.5 * 0.9) + 1
    if throw < 0.81:
        contract.reason = "wanted"
    elif throw < 0.93:
        contract.reason, contract.method = "card", "carte"
    elif throw < 0.96:
        contract.reason = "unpaid"
    else:
        contract.reason = dice.pick(("moved", "death", "stopped"))


def bill(contract: Contract, dice: Dice) -> None:
    """Write the invoices of the last two years and what became of them."""
    period = contract.offer.months * 30.4375
    count = int((contract.start - (contract.end or 0)) / period) + 1
    price, invoices = contract.offer.price, []
    for turn in range(count):
        ago = contract.start - int(turn * period)
        if ago > KEPT_DAYS or ago < 0:
            continue
        cents = price if ago < 400 else int(price * 0.92)
        invoices.append(_invoice(ago, cents, dice, contract.method))
    if contract.end is None:
        contract.renews = contract.start - int(count * period)
    elif contract.reason in ("card", "unpaid") and invoices:
        last = invoices[-1]
        why = "carte expirée" if contract.reason == "card" else "provision insuffisante"
        last.paid = False
        last.payments = [(max(0, last.ago - 2 - 5 * turn), "failed", why) for turn in range(3)]
        contract.end = max(1, min(contract.end, last.ago - 13))
    contract.invoices = invoices


def _invoice(ago: int, cents: int, dice: Dice, method: str) -> Invoice:
    delay = dice.between(8, 50) if method == "virement" else dice.between(0, 4)
    throw = dice.random()
    if ago - delay < 1:
        return Invoice(ago, cents, [], paid=False)
    if throw < 0.018 and ago - delay > 6:
        why = dice.skewed(_FAILED, 1.4)
        return Invoice(ago, cents, [(ago - delay, "failed", why), (ago - delay - 5, "paid", "")], paid=True)
    if throw < 0.022:
        return Invoice(ago, cents, [], paid=False)
    if throw < 0.026 and ago - delay > 12:
        back = (ago - delay - 9, "refunded", "geste commercial")
        return Invoice(ago, cents, [(ago - delay, "paid", ""), back], paid=True)
    return Invoice(ago, cents, [(ago - delay, "paid", "")], paid=True)
