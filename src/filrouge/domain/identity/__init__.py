"""Who is who: records of many systems become people, each link with its reason, every id made to last."""

from filrouge.domain.identity.byhand import ModelSpec, describe
from filrouge.domain.identity.evaluate import evaluate
from filrouge.domain.identity.gathering import TooWide
from filrouge.domain.identity.golden import each_golden, golden, people
from filrouge.domain.identity.graph import Assignment, assign, state_hash
from filrouge.domain.identity.households import derive as households
from filrouge.domain.identity.life import Chapter, life
from filrouge.domain.identity.match import Candidate, Match, Matcher
from filrouge.domain.identity.memory import Memory
from filrouge.domain.identity.model import Model
from filrouge.domain.identity.model import load as load_model
from filrouge.domain.identity.neighbours import Around, around
from filrouge.domain.identity.quality import Measured, measure
from filrouge.domain.identity.resolve import resolve
from filrouge.domain.identity.settle import Settled, settle
from filrouge.domain.identity.spec import HumanDecision, IdentitySpec
from filrouge.domain.identity.weigh import Resolution
from filrouge.domain.identity.why import Explanation, Step, explain, steps

__all__ = [
    "Around",
    "Assignment",
    "Candidate",
    "Chapter",
    "Explanation",
    "HumanDecision",
    "IdentitySpec",
    "Match",
    "Matcher",
    "Measured",
    "Memory",
    "Model",
    "ModelSpec",
    "Resolution",
    "Settled",
    "Step",
    "TooWide",
    "around",
    "assign",
    "describe",
    "each_golden",
    "evaluate",
    "explain",
    "golden",
    "households",
    "life",
    "load_model",
    "measure",
    "people",
    "resolve",
    "settle",
    "state_hash",
    "steps",
]
