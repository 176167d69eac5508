"""Words for how good identity is: doubts, what the model compares, how alike two values are, what training ran into."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, dict[str, str | Promise]] = {
    # a kind of doubt, as the heading of a count
    "doubts": {
        "shared_email": _("One e-mail, several given names"),
        "shared_phone": _("One phone, several given names"),
        "birth_dates": _("Dates of birth that contradict each other"),
        "given_names": _("Given names that contradict each other"),
        "many_records": _("Very many records"),
        "sexes": _("Both a man and a woman"),
        "weak_pair": _("Held together by one weak resemblance"),
    },
    # the same, of one person
    "doubt": {
        "shared_email": _("an e-mail is carried by records of different given names"),
        "shared_phone": _("a phone is carried by records of different given names"),
        "birth_dates": _("%(n)s dates of birth that contradict each other"),
        "given_names": _("%(n)s given names that are not forms of one"),
        "many_records": _("%(n)s records are many for one person"),
        "sexes": _("some records say a man, others a woman"),
        "weak_pair": _("one weak resemblance alone (%(n)s bits) holds the records together"),
    },
    "level": {
        "same": _("the same"),
        "swapped": _("given and family name swapped"),
        "nickname": _("a nickname of the other"),
        "initial": _("an initial of the other"),
        "rival": _("alike, but two names of their own"),
        "typo": _("a typing error away"),
        "near": _("rather alike"),
        "different": _("different"),
        "maiden": _("birth name of the other"),
        "part": _("a part of the other"),
        "year": _("the same year, or nearly"),
        "decade": _("within ten years"),
        "mailbox": _("same mailbox, other provider"),
        "street": _("same number, almost the same street"),
        "number": _("almost the same address"),
        "postcode": _("same postcode"),
        "city": _("same city"),
        "area": _("same area"),
    },
    # what brings a household together
    "bond": {
        "address": _("same address"),
        "name": _("same name"),
        "phone": _("same phone"),
        "email": _("same e-mail"),
        "by_hand": _("said by a person"),
        "through": _("through another member"),
    },
    "compared": {
        "given": _("Given name"),
        "family": _("Family name"),
        "birth_date": _("Date of birth"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "address": _("Address"),
        "place": _("Postcode or city"),
        "loyalty": _("Loyalty card"),
        "account": _("Account"),
        "sex": _("Sex"),
    },
    "model_note": {
        "model_off": _("The model is turned off: only rules on strong identifiers decide."),
        "too_few_records": _("Too few records to learn from (%(records)s): only rules on strong identifiers decide."),
        "too_few_columns": _("Too few columns hold enough to learn from: only rules on strong identifiers decide."),
        "training_failed": _("Training failed: only rules on strong identifiers decide."),
        "column_empty": _("%(column)s: nothing is filled in, so it is not compared."),
        "column_says_nothing": _("%(column)s: the same for everybody, so it says nothing."),
        "session_failed": _("%(column)s: too few pairs share it to learn from them."),
        "not_learned": _("%(column)s: how alike it is in one person’s records could not be learned; it is left out."),
        "set_by_hand": _("This model was set by somebody, and is used as it is: records teach nothing new."),
        "presumed": _("%(column)s: the records could not teach what it tells, which was presumed."),
        "says_the_contrary": _("%(column)s: likeness spoke against being one person; it is left out."),
        "taught": _("It learned from %(pairs)s pairs that people decided, %(reviewed)s of them in review."),
        "model_not_used": _("What was learned is too little to be used: only rules on strong identifiers decide."),
    },
}  # fmt: skip
