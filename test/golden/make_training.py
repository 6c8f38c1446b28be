"""Makes training.json: 20 steps of every activation x loss x optimizer in PyTorch, float64, from given weights and batches.

Run: pip install torch==2.* numpy && python test/golden/make_training.py > test/golden/training.json

Weights, features and rates are multiples of 2^-10 or float32 values, so float32 kernels start from the same numbers; the
results are float64's, to 9 significant digits. fedtempo lays W out [inputs x outputs]; PyTorch's Linear is its transpose.
"""
import json
import sys

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
STEPS, BATCH, EXAMPLES, FEATURES, HIDDEN = 20, 6, 48, 5, [4, 4]

activations = {
    "identity": torch.nn.Identity, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid,
    "leakyRelu": torch.nn.LeakyReLU,
}


def softmax_cross_entropy(z, y):
    return torch.nn.functional.cross_entropy(z, y)


def binary_cross_entropy(z, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(z[:, 0], y.double())


def mean_squared_error(z, y):
    target = y.double()[:, None] if z.shape[1] == 1 else torch.nn.functional.one_hot(y, z.shape[1]).double()
    return torch.nn.functional.mse_loss(z, target)


def perceptron(z, y):
    if z.shape[1] == 1:
        return torch.relu(-(2 * y.double() - 1) * z[:, 0]).mean()
    return (z.max(1).values - z[torch.arange(len(y)), y]).mean()


losses = {
    "softmaxCrossEntropy": softmax_cross_entropy, "binaryCrossEntropy": binary_cross_entropy,
    "meanSquaredError": mean_squared_error, "perceptron": perceptron,
}
optimizers = {
    "sgd": (torch.optim.SGD, {}), "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}), "adam": (torch.optim.Adam, {}),
    "adamW": (torch.optim.AdamW, {}), "adagrad": (torch.optim.Adagrad, {}), "rmsProp": (torch.optim.RMSprop, {}),
}
rates = {"sgd": 0.25, "momentum": 0.0625, "nesterov": 0.0625, "adam": 0.015625, "adamW": 0.015625, "adagrad": 0.0625,
         "rmsProp": 0.0078125}


def grid(generator, *shape):
    return torch.from_numpy(np.round(generator.normal(size=shape) * 512) / 1024)


def data(generator, classes):
    features = grid(generator, EXAMPLES, FEATURES)
    labels = torch.from_numpy(generator.integers(0, classes, EXAMPLES))
    order = torch.from_numpy(generator.integers(0, EXAMPLES, STEPS * BATCH))
    return features, labels, order


def network(activation, parts):
    layers = []
    for index, (weight, bias) in enumerate(parts):
        linear = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(bias)
        layers.append(linear)
        if index + 1 < len(parts):
            layers.append(activations[activation]())
    return torch.nn.Sequential(*layers)


def train(task, activation, loss, optimizer, decay=0.0, clip=None):
    features, labels, order = task["data"]
    model = network(activation, task["parts"])
    make, constants = optimizers[optimizer]
    stepper = make(model.parameters(), lr=rates[optimizer], weight_decay=decay, **constants)
    total = 0.0
    for step in range(STEPS):
        batch = order[step * BATCH:(step + 1) * BATCH]
        stepper.zero_grad()
        value = losses[loss](model(features[batch]), labels[batch])
        value.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        stepper.step()
        total += value.item() * BATCH
    final = [part for layer in model if isinstance(layer, torch.nn.Linear) for part in (layer.weight.T, layer.bias)]
    flat = torch.cat([part.detach().reshape(-1) for part in final])
    return {"task": task["name"], "activation": activation, "loss": loss, "optimizer": optimizer, "weightDecay": decay,
            "clipNorm": clip, "lossSum": float(f"{total:.9g}"), "weights": [float(f"{w:.9g}") for w in flat]}


def make_task(name, seed, classes, outputs):
    generator = np.random.default_rng(seed)
    widths = [FEATURES, *HIDDEN, outputs]
    parts = [(grid(generator, a, b), grid(generator, b)) for a, b in zip(widths, widths[1:])]
    return {"name": name, "classes": classes, "widths": widths, "parts": parts, "data": data(generator, classes)}


def describe(task):
    features, labels, order = task["data"]
    weights = torch.cat([part.reshape(-1) for pair in task["parts"] for part in pair])
    return {"classes": task["classes"], "widths": task["widths"], "weights": weights.tolist(),
            "features": features.reshape(-1).tolist(), "labels": labels.tolist(), "order": order.tolist()}


tasks = {"three": make_task("three", 3, 3, 3), "two": make_task("two", 7, 2, 1)}
cases = []
for activation in activations:
    for loss in losses:
        for optimizer in optimizers:
            task = tasks["two" if loss == "binaryCrossEntropy" else "three"]
            cases.append(train(task, activation, loss, optimizer))
for loss in ("meanSquaredError", "perceptron"):
    cases.append(train(tasks["two"], "tanh", loss, "sgd"))
for optimizer in optimizers:
    cases.append(train(tasks["three"], "tanh", "softmaxCrossEntropy", optimizer, decay=0.0625))
    cases.append(train(tasks["three"], "tanh", "softmaxCrossEntropy", optimizer, decay=0.0625, clip=0.25))

head = {"torch": torch.__version__.split("+")[0], "steps": STEPS, "batchSize": BATCH, "learningRates": rates,
        "tasks": {name: describe(task) for name, task in tasks.items()}}
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
sys.stdout.write(json.dumps(head, separators=(",", ":"))[:-1] + ',"cases":[\n' + lines + "\n]}\n")
