"""Draw verified tasks, score ten completions of one of them, and turn the verdicts into rewards."""

from moiety import Judge, draw_tasks, judge_completions, pass_at_k, quick_atoms, reward_of


def main() -> None:
    """Print a task, the verdicts of ten completions and their pass@k."""
    task = draw_tasks(quick_atoms(), count=5, depth=2, seed=0)[0]
    print(task.prompt)
    wrong = task.reference_solution.replace("return", "return None or")
    endless = f"{task.signature}\n    while True:\n        pass\n"
    completions = [task.reference_solution] * 3 + [wrong] * 3 + ["def f(:", "import os\nos._exit(0)", endless, ""]
    with Judge() as judge:
        outcomes = judge_completions(judge, [task] * len(completions), completions)
    for outcome in outcomes:
        print(outcome.verdict.value, reward_of(outcome))
    num_correct = sum(reward_of(outcome) == 1.0 for outcome in outcomes)
    print(f"pass@1 {pass_at_k(10, num_correct, 1):.2f}, pass@5 {pass_at_k(10, num_correct, 5):.2f}")


if __name__ == "__main__":
    main()
