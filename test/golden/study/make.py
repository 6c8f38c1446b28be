"""Makes intervals.json: what SciPy says of crafted values and of the raw records of a finished study.

    node dist/cli/main.js study test/golden/study/digits.study.yaml --out STUDIES
    python -m venv VENV && VENV/bin/pip install scipy==1.17.1
    VENV/bin/python test/golden/study/make.py STUDIES/golden-digits > test/golden/study/intervals.json

Nothing here reads result.json: every figure is computed anew from rounds.jsonl and summary.json. If a change alters
the digest of digits-quick, run it again and say so in CHANGELOG.md.
"""
import json
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

ARMS, SEEDS = ["fixed", "falling", "large"], [1, 2, 5]
TARGET, LAST_ROUNDS = 0.86, 6


def interval(values):
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        return None
    if len(values) == 1:
        return {"n": 1, "mean": values[0], "sd": None, "low": None, "high": None}
    sd = float(np.std(values, ddof=1))
    low, high = (values.mean(),) * 2
    if sd > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
    return {"n": len(values), "mean": float(values.mean()), "sd": sd, "low": float(low), "high": float(high)}


def paired(treated, control):
    both = [(a, b) for a, b in zip(treated, control) if a is not None and b is not None]
    result = interval([a - b for a, b in both])
    if result and result["sd"]:
        # SciPy's own paired test must say the same.
        test = stats.ttest_rel([a for a, _ in both], [b for _, b in both]).confidence_interval(0.95)
        assert np.allclose([test.low, test.high], [result["low"], result["high"]], rtol=1e-10)
    return result


def trial(folder, arm, seed):
    [run] = [path.parent for path in folder.glob(f"runs/{arm}-{seed}-*/*/summary.json")]
    rounds = [json.loads(line) for line in (run / "rounds.jsonl").read_text().splitlines()]
    parameters = json.loads((run / "summary.json").read_text())["parameters"]
    accuracy = [r["testAccuracy"] for r in rounds]
    loss = [r["testLoss"] for r in rounds]
    reached = next((i for i, a in enumerate(accuracy) if a >= TARGET), None)

    def total(value, upto):
        return None if upto is None else sum(value(r) for r in rounds[: upto + 1])

    def payload(r):
        return 4 * parameters * (len(r["cohort"]) + r["replies"])

    last = len(rounds) - 1
    return {
        "finalTestLoss": loss[-1],
        "finalTestAccuracy": accuracy[-1],
        "bestTestAccuracy": max(accuracy),
        "finalTrainLoss": rounds[-1]["trainLoss"],
        "spreadTestLoss": float(np.std(loss[-LAST_ROUNDS:], ddof=1)),
        "spreadTestAccuracy": float(np.std(accuracy[-LAST_ROUNDS:], ddof=1)),
        "roundsToTarget": None if reached is None else reached + 1,
        "examplesToTarget": total(lambda r: r["examples"], reached),
        "stepsToTarget": total(lambda r: r["steps"], reached),
        "bytesToTarget": total(payload, reached),
        "examples": total(lambda r: r["examples"], last),
        "steps": total(lambda r: r["steps"], last),
        "bytes": total(payload, last),
    }


def study(folder):
    trials = {arm: [trial(folder, arm, seed) for seed in SEEDS] for arm in ARMS}
    result = {}
    for arm in ARMS:
        result[arm] = {}
        for name in trials[arm][0]:
            values = [t[name] for t in trials[arm]]
            control = [t[name] for t in trials[ARMS[0]]]
            result[arm][name] = {
                "interval": interval([v for v in values if v is not None]),
                "difference": None if arm == ARMS[0] else paired(values, control),
            }
    return result


CRAFTED = [[0.93, 0.95, 0.91, 0.94, 0.96], [1e-4, 3e-4], [5, 5, 5], [7.25], [1e6, 1e6 + 1, 1e6 + 2, 1e6 - 4],
           [0.1 * i * i for i in range(30)]]

json.dump(
    {
        "scipy": scipy.__version__,
        "quantiles": {str(df): float(stats.t.ppf(0.975, df)) for df in [1, 2, 3, 4, 5, 9, 19, 29, 49, 99]},
        "crafted": [{"values": values, "interval": interval(values)} for values in CRAFTED],
        "study": study(Path(sys.argv[1])),
    },
    sys.stdout,
    indent=1,
)
print()
