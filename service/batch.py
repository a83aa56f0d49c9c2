"""The answer to many pictures: an answer or a problem each, in the order they came."""

from collections.abc import Iterable

from pydantic import BaseModel

from service.answer import Answer
from service.problems import Problem, ProblemBody


class NamedAnswer(Answer):
    """A picture's answer, with its file's name as the client gave it."""

    name: str | None


class NamedProblem(BaseModel):
    """Why this picture got no answer; its neighbours did."""

    name: str | None
    error: ProblemBody


class Batch(BaseModel):
    """What POST /predict/batch and `python -m service predict --json` answer."""

    model: str
    predictions: list[NamedAnswer | NamedProblem]


def batch(model: str, outcomes: Iterable[tuple[str | None, Answer | Problem]]) -> Batch:
    """Put a batch's answer together.

    Args:
        model: tag of the model that answered.
        outcomes: name and answer or problem, picture by picture.
    """
    return Batch(
        model=model,
        predictions=[
            NamedProblem(name=name, error=outcome.body())
            if isinstance(outcome, Problem)
            else NamedAnswer(name=name, **outcome.model_dump())
            for name, outcome in outcomes
        ],
    )
