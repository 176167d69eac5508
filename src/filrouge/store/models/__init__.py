"""Definitions and acts, one file per noun. Only ``store`` and ``work`` touch these rows."""

from __future__ import annotations

from filrouge.store.models.acquisitions import Acquisition, AcquisitionStep
from filrouge.store.models.acts import ConsentEvent, Correction, FollowUp, Note, Promise, Verdict
from filrouge.store.models.alerts import Alert, AlertAddress, Notice
from filrouge.store.models.arrivals import Arrival
from filrouge.store.models.calls import Call, Outcome, Questions, Verification
from filrouge.store.models.claims import Claim
from filrouge.store.models.collected import Drained, Ledger
from filrouge.store.models.drafts import SourceDraft
from filrouge.store.models.groups import Agreement, Brand, Entity
from filrouge.store.models.identity import Doubt, Evaluation, IdentityModel, IdentityQuality
from filrouge.store.models.layers import HouseholdCorrection, RoleCorrection
from filrouge.store.models.plans import PlanFinding, TrackingPlan
from filrouge.store.models.pushes import Destination, Push, PushRemoval, PushRun
from filrouge.store.models.reviews import Assessment, Review
from filrouge.store.models.rules import FollowUpRule
from filrouge.store.models.scores import ScoreModel
from filrouge.store.models.segments import Segment, SegmentDay, SegmentVersion
from filrouge.store.models.senders import WriteKey
from filrouge.store.models.sources import BUILT_IN, COLLECT, Ruling, Run, Secret, Source
from filrouge.store.models.trust import (
    AuditEntry,
    AuditLine,
    Baseline,
    Erasure,
    Job,
    SubjectSalt,
    Suppression,
    Worker,
)
from filrouge.store.models.users import Answer, ApiKey, Grant, Role, SavedView, User

__all__ = [
    "BUILT_IN",
    "COLLECT",
    "Acquisition",
    "AcquisitionStep",
    "Agreement",
    "Alert",
    "AlertAddress",
    "Answer",
    "ApiKey",
    "Arrival",
    "Assessment",
    "AuditEntry",
    "AuditLine",
    "Baseline",
    "Brand",
    "Call",
    "Claim",
    "ConsentEvent",
    "Correction",
    "Destination",
    "Doubt",
    "Drained",
    "Entity",
    "Erasure",
    "Evaluation",
    "FollowUp",
    "FollowUpRule",
    "Grant",
    "HouseholdCorrection",
    "IdentityModel",
    "IdentityQuality",
    "Job",
    "Ledger",
    "Note",
    "Notice",
    "Outcome",
    "PlanFinding",
    "Promise",
    "Push",
    "PushRemoval",
    "PushRun",
    "Questions",
    "Review",
    "Role",
    "RoleCorrection",
    "Ruling",
    "Run",
    "SavedView",
    "ScoreModel",
    "Secret",
    "Segment",
    "SegmentDay",
    "SegmentVersion",
    "Source",
    "SourceDraft",
    "SubjectSalt",
    "Suppression",
    "TrackingPlan",
    "User",
    "Verdict",
    "Verification",
    "Worker",
    "WriteKey",
]
