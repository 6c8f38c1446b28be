"""Three rounds of SCAFFOLD, option II, in numpy and float64: golden numbers for test/federation/scaffold.test.ts.

Written from algorithm 1 of Karimireddy et al. 2020 (ICML), without looking at the program: four clients with shards of
unlike sizes, two of them sampled a round, full-batch local steps whose rate moves inside the round. c_i is computed from
the paper's formula c_i - c + (x - y_i)/(sum of the rates), and checked here against its other reading, the mean of the
local gradients weighed by the rates. Inputs are multiples of 1/16, so that float32 holds them exactly.

    python3 make.py > scaffold.json        (numpy 2.4)
"""
import json
import numpy as np

FEATURES, HIDDEN, CLASSES = 4, 3, 3
SIZES = [5, 9, 3, 7]
COHORTS = [[0, 2], [1, 2], [0, 3]]
RATES = [[0.5, 0.375, 0.25], [0.25, 0.5, 0.125, 0.0625], [0.375, 0.125]]
SERVER_RATES = [1.0, 0.5, 0.75]

random = np.random.RandomState(7)
sixteenths = lambda *shape: random.randint(-24, 25, size=shape) / 16.0
shards = []
for client, size in enumerate(SIZES):
    labels = (np.arange(size) * (client + 1) + client) % CLASSES
    features = sixteenths(size, FEATURES) + (labels == client % CLASSES)[:, None] * 0.5
    shards.append((features, labels))
first = sixteenths(FEATURES * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES) / 2.0


def gradient(weights, features, labels):
    """Of the mean softmax cross-entropy of a tanh network; W by rows and then b, layer after layer."""
    at = FEATURES * HIDDEN
    w1, b1 = weights[:at].reshape(FEATURES, HIDDEN), weights[at : at + HIDDEN]
    at += HIDDEN
    w2, b2 = weights[at : at + HIDDEN * CLASSES].reshape(HIDDEN, CLASSES), weights[at + HIDDEN * CLASSES :]
    hidden = np.tanh(features @ w1 + b1)
    logits = hidden @ w2 + b2
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    error = odds / odds.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    below = (error @ w2.T) * (1 - hidden**2)
    parts = [features.T @ below, below.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
    return np.concatenate([part.ravel() for part in parts])


def run(weighting):
    x, c = first.copy(), np.zeros_like(first)
    own = [np.zeros_like(first) for _ in SIZES]
    rounds = []
    for cohort, rates, server_rate in zip(COHORTS, RATES, SERVER_RATES):
        moves, changes, weights = [], [], []
        for client in cohort:
            y, weighed = x.copy(), np.zeros_like(x)
            for rate in rates:
                g = gradient(y, *shards[client])
                weighed += rate * g
                y = y - rate * (g - own[client] + c)
            new = own[client] - c + (x - y) / sum(rates)
            assert np.allclose(new, weighed / sum(rates), atol=1e-14)
            moves.append(y - x)
            changes.append(new - own[client])
            weights.append(SIZES[client] if weighting == "examples" else 1)
            own[client] = new
        total = sum(SIZES) if weighting == "examples" else len(SIZES)
        x = x + server_rate * np.average(moves, axis=0, weights=weights)
        c = c + sum(weights) / total * np.average(changes, axis=0, weights=weights)
        rounds.append({"weights": x.tolist(), "control": c.tolist(), "own": [state.tolist() for state in own]})
    everyone = np.average(own, axis=0, weights=SIZES if weighting == "examples" else None)
    assert np.allclose(c, everyone, atol=1e-14), "c is the mean of all c_i"
    return rounds


print(json.dumps({
    "widths": [FEATURES, HIDDEN, CLASSES],
    "shards": [{"features": f.ravel().tolist(), "labels": l.tolist()} for f, l in shards],
    "first": first.tolist(),
    "cohorts": COHORTS,
    "rates": RATES,
    "serverRates": SERVER_RATES,
    "rounds": {weighting: run(weighting) for weighting in ("uniform", "examples")},
}))
