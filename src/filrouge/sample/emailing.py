"""The e-mailing tool: one list of subscribers per brand, and what became of each message."""

from __future__ import annotations

from filrouge.sample import faults
from filrouge.sample.catalogue import CARGO, HALLE, HORIZON, Campaign
from filrouge.sample.dice import CLOCK, Dice, waking
from filrouge.sample.life import Life, likes
from filrouge.sample.paper import Sheet
from filrouge.sample.world import World

BRANDS = {HORIZON: "HORIZON", CARGO: "LECARGO", HALLE: "LAHALLE"}
_SUBSCRIBERS = (
    "subscriber_id;list;email;first_name;last_name;status;opt_in;opt_in_at;opt_out_at;source;language;updated_at"
)
_SENDS = "message_id;list;subscriber_id;campaign;kind;subject;sent_at"
_ACTS = "event_id;message_id;list;subscriber_id;campaign;kind;subject;at"
_LINK = "https://{site}.example.com/{campaign}"
_SITES = {HORIZON: "horizon", CARGO: "lecargo", HALLE: "lahalle"}


class Emailing:
    """Writes ``emailing/*.csv``."""

    def __init__(self, world: World) -> None:
        self.world = world
        folder = world.folder / "emailing"
        self._subscribers = Sheet(folder / "subscribers.csv", _SUBSCRIBERS)
        self._sends = Sheet(folder / "sends.csv", _SENDS)
        self._opens = Sheet(folder / "opens.csv", _ACTS)
        self._clicks = Sheet(folder / "clicks.csv", f"{_ACTS};link")
        self._bounces = Sheet(folder / "bounces.csv", f"{_ACTS};reason")
        self._leaves = Sheet(folder / "unsubscribes.csv", f"{_ACTS};reason")
        self._sheets = (self._subscribers, self._sends, self._opens, self._clicks, self._bounces, self._leaves)
        self._by_brand = {brand: [c for c in world.campaigns if c.brand == brand] for brand in BRANDS}

    @property
    def rows(self) -> int:
        return sum(sheet.rows for sheet in self._sheets)

    def write(self, life: Life, dice: Dice) -> None:
        """Write the subscriptions of one person to each brand's list, and what they did with what they got."""
        for rank, brand in enumerate(life.letters):
            self._subscriber(life, brand, f"{life.person.number:07}{rank}", dice)

    def close(self) -> None:
        for sheet in self._sheets:
            sheet.close()

    def _subscriber(self, life: Life, brand: str, number: str, dice: Dice) -> None:
        person, calendar = life.person, self.world.calendar
        email = faults.mailbox(dice, person, second=0.25, work=0.1, shared=0.12)
        since = dice.between(20, 1_500)
        if any(contract.campaign for contract in life.contracts):
            since = max(since, 200)
        left, bounced = self._messages(life, brand, number, since, dice)
        named = dice.chance(0.55)
        status = "bounced" if bounced else "unsubscribed" if left is not None else "active"
        if person.number % 3_301 == 40:
            status = "??"
        out = "" if left is None else f"{calendar.iso(left)} 19:00:00"
        self._subscribers.add([
            number, BRANDS[brand], faults.email(dice, email, 0.6), faults.given(dice, person) if named else "",
            faults.family(dice, person) if named and dice.chance(0.8) else "", status,
            "no" if left is not None else "yes",
            f"{calendar.iso(since)} 10:00:00", out, dice.pick(("site", "site", "shop", "salon", "import 2019")), "fr",
            out or f"{calendar.iso(since)} 10:00:00",
        ])  # fmt: skip
        self.world.truth.add("emailing_people", number, person.number)

    def _messages(self, life: Life, brand: str, number: str, since: int, dice: Dice) -> tuple[int | None, bool]:
        """Write the messages sent; return when they unsubscribed (days ago) and whether the address is dead."""
        dead = dice.chance(0.02) and not life.person.everywhere
        bought = {contract.campaign for contract in life.contracts}
        list_ = BRANDS[brand]
        for place, campaign in enumerate(self._by_brand[brand]):
            if campaign.ago > since or (campaign.kind == "service" and not self._concerned(life, campaign)):
                continue
            message = f"M{number}{place:02}"
            second = 7 * 3600 + dice.between(0, 5_400)
            head = [list_, number, campaign.code, campaign.kind, campaign.subject]
            self._sends.add([message, *head, f"{self.world.calendar.iso(campaign.ago)} {CLOCK[second]}"])
            if dead:
                when = f"{self.world.calendar.iso(campaign.ago)} {CLOCK[second + 40]}"
                self._bounces.add([f"B{message[1:]}", message, *head, when, "mailbox unavailable"])
                if place > 3:
                    return None, True
                continue
            if self._left(life, campaign, message, head, dice, bought=campaign.code in bought):
                return max(1, campaign.ago - 1), False
        return None, dead

    @staticmethod
    def _concerned(life: Life, campaign: Campaign) -> bool:
        if campaign.code == "HZ-CARTE":
            return any(contract.reason == "card" for contract in life.contracts)
        return any(order.ago > campaign.ago for order in life.orders)

    def _left(self, life: Life, campaign: Campaign, message: str, head: list[str], dice: Dice, *, bought: bool) -> bool:
        """Write the opening, the click or the leaving; return True when they left."""
        calendar = self.world.calendar
        opened = bought or dice.chance(likes(life, campaign))
        if opened:
            ago = max(0, campaign.ago - dice.pick((0, 0, 0, 1, 2))) if not bought else campaign.ago
            second = max(waking(dice), 9 * 3600) if ago == campaign.ago else waking(dice)
            self._opens.add([f"O{message[1:]}", message, *head, f"{calendar.iso(ago)} {CLOCK[second]}"])
            rate = 0.34 if campaign.mood == "good" else 0.16
            if bought or dice.chance(rate):
                link = _LINK.format(site=_SITES[campaign.brand], campaign=campaign.code.lower())
                when = f"{calendar.iso(ago)} {CLOCK[min(second + 95, 86_399)]}"
                self._clicks.add([f"C{message[1:]}", message, *head, when, link])
        if bought:
            return False
        angry = 0.035 if campaign.mood == "pushy" else 0.004
        if life.annoyed and campaign.mood == "pushy":
            angry = 0.6
        if dice.chance(angry):
            reasons = ("trop de messages",) if campaign.mood == "pushy" else ("plus intéressé", "trop de messages", "")
            reason = dice.pick(reasons)
            when = f"{calendar.iso(max(1, campaign.ago - 1))} 19:00:00"
            self._leaves.add([f"U{message[1:]}", message, *head, when, reason])
            return True
        return False
