"""The arms and contrasts of the made-up study: names, settings and the levels that they end at."""

from dataclasses import dataclass

Kept = tuple[float, float, float, float]
GONE: Kept = (0.61, 0.29, 0.16, 0.02)


@dataclass(frozen=True)
class Plan:
    """One arm; levels are final fractions: recombined, train, retention at depth 1 to 4."""

    arm: str
    label: str
    algorithm: str
    level: float
    train: float
    kept: Kept = GONE
    atoms: bool = True
    k: int = 50
    start: str | None = None
    steps: int = 60
    learning_rate: float = 1e-3
    only_last: bool = False


@dataclass(frozen=True)
class PlannedContrast:
    """One contrast: its effect, and half the width of its interval."""

    id: str
    title: str
    base: str
    effect: float
    half: float
    better: str
    worse: str
    primary: bool = False
    k_star: int | None = None


def plans(base: str) -> list[Plan]:
    """Return the arms of one base; the clean one starts near 0 and gives RL from scratch no signal."""
    exposed = base == "exposed"
    low = 1.0 if exposed else 0.25
    rl_level, rl_train = (0.765, 0.88) if exposed else (0.0, 0.06)
    short, early = f"{base}-short", (0.9, 0.8, 0.55, 0.2)
    return [
        Plan("base", "base", "base", 0.585 * low, 0.55 * low, (0.97, 0.93, 0.88, 0.71), k=0, steps=0),
        Plan("sft-atoms", "SFT atoms", "sft", 0.015, 0.99, (0.64, 0.0, 0.0, 0.0), k=0),
        Plan("sft-k20", "SFT 20", "sft", 0.20 * low, 1.0, (0.35, 0.2, 0.1, 0.0), atoms=False, k=20),
        Plan("sft-atoms-k5", "SFT atoms + 5", "sft", 0.26 * low, 0.99, k=5),
        Plan("sft-atoms-k20", "SFT atoms + 20", "sft", 0.487 * low, 0.99, k=20),
        Plan("sft-atoms-k50", "SFT atoms + 50", "sft", 0.647 * low**0.7, 0.985),
        Plan("sft-atoms-k200", "SFT atoms + 200", "sft", 0.742 * low**0.4, 0.94, (0.7, 0.45, 0.3, 0.09), k=200),
        Plan("sft-rl-rate", "SFT atoms + 50 at RL's rate", "sft", 0.55 * low, 0.91, early, learning_rate=3e-4),
        Plan("rejection-from-base", "rejection SFT from base", "rejection", 0.66 * low, 0.80, (0.95, 0.88, 0.7, 0.3)),
        Plan("rl", "RL from base", "grpo", rl_level, rl_train, (0.98, 0.94, 0.81, 0.42), learning_rate=3e-4),
        Plan("short", "SFT 50 early", "sft", 0.315 * low, 0.62, early, steps=15),
        Plan(
            "short-rl", "SFT 50 early, then RL", "grpo", 0.675 * low**0.6, 0.94, early, start=short, learning_rate=3e-4
        ),
        Plan("short-sft", "SFT 50 early, then SFT", "sft", 0.61 * low**0.6, 0.99, start=short),
        Plan(
            "short-flops",
            "SFT 50 early, then SFT of equal FLOPs",
            "sft",
            0.69 * low**0.6,
            1.0,
            start=short,
            steps=372,
            only_last=True,
        ),
        Plan(
            "short-rejection",
            "SFT 50 early, then rejection SFT",
            "rejection",
            0.47 * low,
            0.8,
            early,
            start=short,
            only_last=True,
        ),
    ]


CONTRASTS = (
    PlannedContrast("F1a", "atoms are needed", "clean", 0.117, 0.052, "sft-atoms-k20", "sft-k20", True),
    PlannedContrast("F1b", "synthetics are needed", "clean", 0.107, 0.048, "sft-atoms-k20", "sft-atoms", True),
    PlannedContrast(
        "F1c", "a handful of synthetics is enough", "clean", -0.26, 0.05, "sft-atoms-k200", "sft-atoms", k_star=200
    ),
    PlannedContrast("F2a", "RL against SFT at equal steps", "exposed", 0.065, 0.058, "short-rl", "short-sft", True),
    PlannedContrast("F2b", "RL against SFT at equal FLOPs", "exposed", -0.021, 0.055, "short-rl", "short-flops"),
    PlannedContrast("F2c", "RL against SFT at its best step", "exposed", 0.038, 0.061, "short-rl", "short-sft", True),
    PlannedContrast("F2-short-rejection", "RL against rejection", "exposed", 0.2, 0.05, "short-rl", "short-rejection"),
    PlannedContrast("F3a", "train less test gap, SFT less RL", "exposed", 0.142, 0.071, "sft-atoms-k50", "rl", True),
    PlannedContrast("F3b", "best-to-last drop, SFT less RL", "exposed", 0.018, 0.043, "sft-atoms-k50", "rl"),
    PlannedContrast("F3c", "the base's own skills, RL less SFT", "exposed", 0.377, 0.094, "rl", "sft-atoms-k50", True),
    PlannedContrast(
        "F1a-exposed", "atoms are needed, exposed base", "exposed", 0.287, 0.069, "sft-atoms-k20", "sft-k20"
    ),
)
