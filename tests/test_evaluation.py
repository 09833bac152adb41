"""Evaluation with policies of known skill, through the real judge."""

from collections.abc import Sequence

import pytest

from moiety.evaluation import Evaluation, evaluate
from moiety.judge import Judge
from moiety.reward import judge_completions, reward_of
from moiety.rollout import Completion
from moiety.splits import DataSet
from moiety.tasks import Task


class Skilled:
    """Solves the tasks it is told of; of the others, one sample in four."""

    def __init__(self, tasks: Sequence[Task], known: set[str]) -> None:
        self._tasks, self._known = {task.prompt: task for task in tasks}, known

    def complete(
        self, prompts: Sequence[str], *, num_samples: int, temperature: float, max_new_tokens: int, seed: int
    ) -> list[list[Completion]]:
        """Return references for known tasks, else one reference in four samples."""
        del temperature, max_new_tokens, seed
        return [[self._one(self._tasks[p], i) for i in range(num_samples)] for p in prompts]

    def _one(self, task: Task, index: int) -> Completion:
        solved = task.task_id in self._known or index % 4 == 3
        text = task.reference_solution if solved else f"{task.signature}\n    return None\n"
        return Completion(text, 10, truncated=False, logprob=-1.0)


@pytest.fixture(scope="module")
def evaluation(small_data: DataSet) -> Evaluation:
    tasks = small_data.sets["recombined"]
    known = {task.task_id for task in tasks if task.depth == 2}
    with Judge(zygotes=1) as judge:
        return evaluate(Skilled(tasks, known), tasks, judge, num_samples=4, max_new_tokens=50, seed=0)


def test_a_domain_score_is_the_mean_over_depths(evaluation: Evaluation) -> None:
    scores = evaluation.scores(pass_at=(1, 2, 4))
    assert scores["by_depth"]["2"] == {"count": 8, "greedy": 1.0, "sampled": 1.0}
    assert scores["by_depth"]["3"] == {"count": 8, "greedy": 0.0, "sampled": 0.25}
    assert scores["greedy"] == 0.5
    assert scores["pass_at_k"] == {"1": 0.625, "2": 0.75, "4": 1.0}


def test_verdicts_are_counted(evaluation: Evaluation) -> None:
    assert sum(evaluation.verdicts().values()) == 16 * 5


def test_gold_passes_and_others_do_not(small_data: DataSet) -> None:
    tasks = [task for name in ("atoms", "train", "recombined", "deeper", "retention") for task in small_data.sets[name]]
    tasks = list({task.behaviour_key: task for task in tasks}.values())
    with Judge(zygotes=2) as judge:
        for held_out in (False, True):
            gold = judge_completions(judge, tasks, [t.reference_solution for t in tasks], held_out=held_out)
            assert [reward_of(outcome) for outcome in gold] == [1.0] * len(tasks)
        for wrong in ("", "def f(*a):\n    return a[0]\n", "def f(*a):\n    return 0\n"):
            outcomes = judge_completions(judge, tasks, [wrong] * len(tasks))
            assert [reward_of(outcome) for outcome in outcomes] == [0.0] * len(tasks)


def test_lengths_must_agree(small_data: DataSet) -> None:
    with Judge(zygotes=1) as judge, pytest.raises(ValueError, match="one completion per task"):
        judge_completions(judge, small_data.sets["deeper"], ["x"])


DEMO = "```python\nprint(f(*map(int, input().split())))\n```"


class Chatty(Skilled):
    """Answers as a chat model does: thoughts, the program in a fenced block, a demonstration."""

    def _one(self, task: Task, index: int) -> Completion:
        program = super()._one(task, index).text
        text = f"<think>\n{task.signature}\n</think>\n\n1. Code:\n\n```python\n{program}```\n\n2. Use:\n\n{DEMO}\n"
        return Completion(text, 10, truncated=False, logprob=-1.0, chat=True)


def test_answers_of_a_chat_model_are_scored_by_the_program_in_them(small_data: DataSet) -> None:
    tasks = small_data.sets["recombined"][:4]
    chatty = Chatty(tasks, {task.task_id for task in tasks[:2]})
    with Judge(zygotes=1) as judge:
        found = evaluate(chatty, tasks, judge, num_samples=0, max_new_tokens=50, seed=0)
        answers = [row.completion for row in found.rows]
        as_they_are = judge_completions(judge, tasks, answers)
        extracted = judge_completions(judge, tasks, answers, extract=True)
    assert [row.verdict for row in found.rows] == ["pass", "pass", "wrong", "wrong"]
    assert all(answer.startswith("<think>") for answer in answers), "the whole answer is kept"
    assert [outcome.verdict.value for outcome in as_they_are] == ["load_error"] * 4
    assert [reward_of(outcome) for outcome in extracted] == [1.0, 1.0, 0.0, 0.0]
