"""Words for a company that was bought: its steps, how each stands, by which law, how far a system is."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

WORDS: dict[str, dict[str, str | Promise]] = {
    "nature": {"share": _("purchase of shares"), "asset": _("purchase of assets")},
    "acquisition_step": {
        "controller": _("Who is the controller of the data is settled"),
        "entity": _("The legal entity is here"),
        "brand": _("Its brands are here"),
        "informed": _("Customers were told"),
        "sorted": _("The customer file was sorted before it was handed over"),
        "agreements": _("What is shared rests on an agreement"),
        "systems": _("Its systems are read"),
        "dry_run": _("Each system was tried before it was imported"),
        "consents": _("Consents are known, and stay its own"),
        "overlap": _("Who was known already is settled"),
    },
    "acquisition_share": {
        "controller": _("The company stays the controller of its own data: only its owner changes."),
        "informed": _(
            "Nothing changes for them until their data are shared or serve another purpose: tell them before."
        ),
        "consents": _("A consent was given to this company: neither the buyer nor a sister company may use it."),
    },
    "acquisition_asset": {
        "controller": _("The buyer becomes the controller of the file that it takes over."),
        "informed": _("The buyer tells them who it is, where their data come from, and how to object."),
        "sorted": _("Whoever objected, and prospects silent for three years, stay with the seller."),
        "agreements": _("The buyer is the controller itself: there is nobody to share with."),
        "consents": _("A consent was given to the seller: the buyer asks for its own before it writes."),
    },
    "acquisition_state": {
        "todo": _p("step", "to do"),
        "under_way": _p("step", "under way"),
        "done": _p("step", "done"),
        "wrong": _p("step", "wrong"),
        "without": _p("step", "does not apply"),
    },
    "acquisition_progress": {
        "awaited": _p("system", "not yet"),
        "prepared": _p("system", "being prepared"),
        "imported": _p("system", "imported"),
        "scheduled": _p("system", "live by schedule"),
    },
    "law": {
        "GDPR art. 4(7): a company bought by its shares stays the controller of its own data": _(
            "GDPR art. 4(7): a company bought by its shares stays the controller of its own data"
        ),
        "GDPR art. 4(7): whoever takes a customer file over becomes its controller": _(
            "GDPR art. 4(7): whoever takes a customer file over becomes its controller"
        ),
        "GDPR art. 13(3), 14(4): people are told before their data serve another purpose": _(
            "GDPR art. 13(3), 14(4): people are told before their data serve another purpose"
        ),
        "GDPR art. 14(3): people are told within a month, and at the first message at the latest": _(
            "GDPR art. 14(3): people are told within a month, and at the first message at the latest"
        ),
        "GDPR art. 5(1)(e), 21(2): whoever objected, and whoever is kept too long, is not handed over": _(
            "GDPR art. 5(1)(e), 21(2): whoever objected, and whoever is kept too long, is not handed over"
        ),
        "GDPR art. 6: between two controllers, what is shared rests on an agreement for a purpose": _(
            "GDPR art. 6: between two controllers, what is shared rests on an agreement for a purpose"
        ),
        "GDPR art. 4(11), 7(1): consent names its controller, and does not travel within a group": _(
            "GDPR art. 4(11), 7(1): consent names its controller, and does not travel within a group"
        ),
        "CPCE art. L34-5: consent to messages is given to a named sender, and has to be asked for again": _(
            "CPCE art. L34-5: consent to messages is given to a named sender, and has to be asked for again"
        ),
    },
    "action": {
        "acquisition.add": _("started an acquisition"),
        "acquisition.change": _("changed an acquisition"),
        "acquisition.remove": _("removed an acquisition"),
        "acquisition.step": _("said how a step of an acquisition stands"),
        "acquisition.entrust": _("entrusted a step of an acquisition"),
        "acquisition.measure": _("counted an acquisition"),
        "acquisition.live": _("said that an acquisition is live"),
        "acquisition.back": _("took back that an acquisition is live"),
    },
    "detail": {
        "nature": _("nature"),
        "step": _("step"),
        "open": _p("acquisition", "still open"),
        "owner": _p("acquisition", "in the hands of"),
        "due": _p("acquisition", "due"),
    },
    "held": {"acquisition": _("why a company went live"), "acquisitionstep": _("notes on acquisitions")},
    "column": {"live_reason": _("reason"), "note": _("note")},
}
