"""Lists by which goods are looked at, and what was written down by them, in the contract's words."""

from aftercare.returns.v1 import grading_pb2 as pb

from services.returns.domain.case import Grading
from services.returns.domain.policy.grading import Checklist
from services.returns.policies.checklists import dispositions


def checklist(known: Checklist) -> pb.GradingChecklist:
    """A whole list."""
    return pb.GradingChecklist(
        clause_id=known.clause,
        policy_id=known.policy,
        policy_version=known.policy_version,
        questions=[
            pb.GradingChecklist.Question(
                question_id=question.id,
                ask=question.ask,
                answers=[
                    pb.GradingChecklist.Answer(answer=answer, grade=grade) for answer, grade in question.answers.items()
                ],
            )
            for question in known.questions
        ],
        photos=known.photos,
        record=known.record,
        grades=[
            pb.GradingChecklist.Grade(
                grade=grade.name,
                condition=grade.condition,
                disposition=grade.disposition,
                gs1_disposition=dispositions().get(grade.disposition, ""),
            )
            for grade in known.grades
        ],
    )


def grading(known: Grading) -> pb.Grading:
    """What was written down of one unit."""
    return pb.Grading(
        clause_id=known.checklist,
        policy_id=known.policy,
        policy_version=known.policy_version,
        grade=known.grade,
        answers=dict(known.answers),
        photos=[pb.GradingPhoto(shows=shows, uri=uri) for shows, uri in known.photos],
        suggested_condition=known.condition,
        suggested_disposition=known.disposition,
        gs1_disposition=dispositions().get(known.disposition, ""),
    )
