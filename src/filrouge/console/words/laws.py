"""The rules by which one may or may not, in the reader's words; programs read them as the domain names them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, dict[str, str | Promise]] = {
    "law": {
        "GDPR art. 18": _("GDPR art. 18: restriction"),
        "GDPR art. 21": _("GDPR art. 21: objection"),
        "GDPR art. 6(1)(a)": _("GDPR art. 6(1)(a): consent"),
        "GDPR art. 7(3)": _("GDPR art. 7(3): consent refused or withdrawn"),
        "a promise to this person is overdue": _("a promise to this person is overdue"),
        "a promise to this person forbids it": _("a promise to this person forbids it"),
        "nothing allows this purpose": _("nothing allows this purpose"),
        "GDPR art. 6(1)(b), (f): answering and serving": _("GDPR art. 6(1)(b), (f): answering and serving"),
        "GDPR art. 6(1)(b): performing the contract": _("GDPR art. 6(1)(b): performing the contract"),
        "CPCE art. L34-5: similar products to customers": _("CPCE art. L34-5: similar products to customers"),
        "CPCE art. L34-5: prior consent": _("CPCE art. L34-5: prior consent"),
        "LIL art. 82: prior consent": _("LIL art. 82: prior consent"),
        "C. conso. art. L223-1 before Act 2025-594: objection list": _(
            "C. conso. art. L223-1 before Act 2025-594: objection list"
        ),
        "C. conso. art. L223-1: running contract": _("C. conso. art. L223-1: running contract"),
        "C. conso. art. L223-1 (Act 2025-594): prior consent": _("C. conso. art. L223-1 (Act 2025-594): prior consent"),
        "GDPR art. 6(1)(f), 21(2): until objection": _("GDPR art. 6(1)(f), 21(2): until objection"),
        "GDPR art. 6(1)(f), 21(1): until objection": _("GDPR art. 6(1)(f), 21(1): until objection"),
        "GDPR art. 6(1)(f): figures in sums": _("GDPR art. 6(1)(f): figures in sums"),
        "GDPR art. 5(1)(b), 89: until objection": _("GDPR art. 5(1)(b), 89: until objection"),
    },
}
