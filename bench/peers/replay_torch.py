"""Replays one exported client update in PyTorch: `python replay_torch.py DIR [--float64] [--tolerance 1e-5]`.

DIR is what `fedtempo replay RUN --round R --client C --export DIR` writes:

- before.safetensors, update.safetensors: layers.i.weight [inputs, outputs] and layers.i.bias [outputs], float32;
  update = local - global.
- correction.safetensors, only with control variates: what is added to every gradient after clipping, by layer.
- shard.safetensors: features [n, d] float32, labels [n] int32.
- replay.json: the model, the optimizer and, for every local step, the rows of its batch and its hyperparameters.

The training is computed anew with autograd and formulas of its own, not with fedtempo's code, and the largest absolute
difference of the update is printed with its place; above the tolerance the exit code is 1, for unusable input 2. Float32
sums in another order, so the bits differ; float64 shows how much of the difference is rounding.

Needs PyTorch and numpy only: safetensors is read by hand (8 bytes of length, JSON, raw little-endian values).
"""
import argparse
import hashlib
import json
import math
import os
import sys

import numpy as np
import torch

DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1"}


class Unusable(Exception):
    """The export cannot be replayed."""


def read_safetensors(path):
    """Tensors by name, as numpy arrays in the file's own order."""
    with open(path, "rb") as file:
        raw = file.read()
    if len(raw) < 8:
        raise Unusable(f"{path}: too short for safetensors")
    length = int.from_bytes(raw[:8], "little")
    if length > len(raw) - 8:
        raise Unusable(f"{path}: a header of {length} bytes in a file of {len(raw)}")
    tensors = {}
    for name, entry in json.loads(raw[8:8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(raw[8 + length + begin:8 + length + end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def parameters_of(tensors, layers, dtype):
    """[W0, b0, W1, b1, ...] as tensors that are free to change."""
    names = [f"layers.{i}.{part}" for i in range(layers) for part in ("weight", "bias")]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise Unusable(f"no tensor {missing[0]}")
    return names, [torch.from_numpy(tensors[name].copy()).to(dtype) for name in names]


ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "leakyRelu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
}


def forward(parameters, x, activation):
    last = len(parameters) // 2 - 1
    for i in range(last + 1):
        x = x @ parameters[2 * i] + parameters[2 * i + 1]
        if i < last:
            x = ACTIVATIONS[activation](x)
    return x


def loss_of(kind, z, y):
    """Mean over the batch, as shared/model/model.ts defines them."""
    if kind == "softmaxCrossEntropy":
        return torch.nn.functional.cross_entropy(z, y)
    if kind == "binaryCrossEntropy":
        return torch.nn.functional.binary_cross_entropy_with_logits(z[:, 0], y.to(z.dtype))
    if kind == "meanSquaredError":
        target = y[:, None] if z.shape[1] == 1 else torch.nn.functional.one_hot(y, z.shape[1])
        return torch.nn.functional.mse_loss(z, target.to(z.dtype))
    if kind == "perceptron":
        if z.shape[1] > 1:
            # The first of equal outputs is the prediction, and alone gets the gradient.
            best = z.argmax(1, keepdim=True)
            return (z.gather(1, best) - z.gather(1, y[:, None])).mean()
        margin = (2 * y - 1).to(z.dtype) * z[:, 0]
        # Still learns at margin 0.
        return torch.where(margin > 0, torch.zeros_like(margin), -margin).mean()
    raise Unusable(f"unknown loss {kind}")


def adjusted(gradients, parameters, anchor, correction, step, optimizer):
    """FedProx's term, then clipping, then SCAFFOLD's correction, then weight decay: the order of shared/kernels/kernels.ts."""
    mu, clip, decay = step["proximalMu"], step["clipNorm"], step["weightDecay"]
    if mu:
        gradients = [g + mu * (w - a) for g, w, a in zip(gradients, parameters, anchor)]
    if clip is not None and math.isfinite(clip):
        norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
        factor = clip / (norm + 1e-6)
        if factor < 1:
            gradients = [g * factor for g in gradients]
    if correction is not None:
        gradients = [g + c for g, c in zip(gradients, correction)]
    if decay and optimizer["kind"] != "adamW":
        gradients = [g + decay * w for g, w in zip(gradients, parameters)]
    return gradients


class Optimizer:
    """The formulas of shared/optimizer/client-optimizer.ts; state begins at zero."""

    def __init__(self, optimizer, parameters):
        self.kind = optimizer["kind"]
        self.constants = optimizer
        self.m = [torch.zeros_like(w) for w in parameters]
        self.v = [torch.zeros_like(w) for w in parameters]
        self.t = 0

    @torch.no_grad()
    def update(self, parameters, gradients, step):
        self.t += 1
        for index, (w, g) in enumerate(zip(parameters, gradients)):
            self.update_one(w, g, self.m[index], self.v[index], step)

    def update_one(self, w, g, m, v, step):
        rate, kind, constants = step["learningRate"], self.kind, self.constants
        if kind == "sgd":
            w -= rate * g
        elif kind in ("momentum", "nesterov"):
            beta = step["momentum"]
            v.mul_(beta).add_(g)
            w -= rate * (g + beta * v if kind == "nesterov" else v)
        elif kind in ("adam", "adamW"):
            beta1, beta2 = constants["beta1"], constants["beta2"]
            if kind == "adamW" and step["weightDecay"]:
                w *= 1 - rate * step["weightDecay"]
            m.add_((1 - beta1) * (g - m))
            v.mul_(beta2).add_((1 - beta2) * g * g)
            root = v.sqrt() / math.sqrt(1 - beta2**self.t) + constants["epsilon"]
            w -= rate / (1 - beta1**self.t) * m / root
        elif kind == "adagrad":
            v.add_(g * g)
            w -= rate * g / (v.sqrt() + constants["epsilon"])
        elif kind == "rmsProp":
            beta2 = constants["beta2"]
            v.mul_(beta2).add_((1 - beta2) * g * g)
            w -= rate * g / (v.sqrt() + constants["epsilon"])
        else:
            raise Unusable(f"unknown optimizer {kind}")


def steps_of(replay):
    """One record a local step; a column that is absent asks for nothing."""
    count = len(replay["batches"])

    def column(key, otherwise):
        values = replay.get(key)
        if values is None:
            return [otherwise] * count
        if len(values) != count:
            raise Unusable(f"replay.json: {key} has {len(values)} values for {count} steps")
        return values

    columns = {
        "batch": replay["batches"],
        "learningRate": column("learningRates", None),
        "momentum": column("momenta", replay["optimizer"].get("momentum", 0)),
        "proximalMu": column("proximalMus", 0),
        "weightDecay": column("weightDecays", 0),
        "clipNorm": column("clipNorms", None),
    }
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def replay_update(replay, before, correction, features, labels):
    """Trains from `before` and returns local - global, with the losses of all steps."""
    parameters = [w.clone().requires_grad_() for w in before]
    optimizer = Optimizer(replay["optimizer"], before)
    losses = []
    for step in steps_of(replay):
        rows = torch.tensor(step["batch"], dtype=torch.long)
        outputs = forward(parameters, features[rows], replay["model"]["activation"])
        loss = loss_of(replay["model"]["loss"], outputs, labels[rows])
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            gradients = adjusted(gradients, parameters, before, correction, step, replay["optimizer"])
        optimizer.update(parameters, gradients, step)
        losses.append(loss.item())
    return [w.detach() - w0 for w, w0 in zip(parameters, before)], losses


def compare(names, found, expected):
    """(largest absolute difference, tensor, index): NaN counts as infinitely far."""
    worst = (-1.0, "", ())
    for name, ours, theirs in zip(names, found, expected):
        difference = torch.nan_to_num((ours.double() - theirs.double()).abs(), nan=math.inf)
        at = int(difference.argmax())
        value = float(difference.flatten()[at])
        if value > worst[0]:
            worst = (value, name, tuple(int(i) for i in np.unravel_index(at, difference.shape)))
    return worst


def digest_of(expected):
    """SHA-256 of the update's float32 values, W and b of each layer in turn."""
    digest = hashlib.sha256()
    for tensor in expected:
        digest.update(tensor.numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description="Replay an exported client update in PyTorch.")
    parser.add_argument("folder")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="largest absolute difference admitted")
    parser.add_argument("--float64", action="store_true", help="replay in float64 too")
    given = parser.parse_args()
    torch.set_num_threads(1)

    with open(os.path.join(given.folder, "replay.json"), encoding="utf-8") as file:
        replay = json.load(file)
    shard = read_safetensors(os.path.join(given.folder, "shard.safetensors"))
    before = read_safetensors(os.path.join(given.folder, "before.safetensors"))
    update = read_safetensors(os.path.join(given.folder, "update.safetensors"))
    corrected = os.path.join(given.folder, "correction.safetensors")
    correction = read_safetensors(corrected) if os.path.exists(corrected) else None
    layers = len(replay["model"]["widths"]) - 1
    names, expected = parameters_of(update, layers, torch.float32)
    labels = torch.from_numpy(shard["labels"].astype(np.int64))

    digest = digest_of(expected)
    claimed = replay.get("updateDigest")
    print(f"round {replay.get('round')}, client {replay.get('client')}: {len(replay['batches'])} local steps, "
          f"{replay['optimizer']['kind']}, widths {'-'.join(map(str, replay['model']['widths']))}")
    ok = claimed is None or claimed == digest
    if not ok:
        print(f"update.safetensors has digest {digest}, replay.json says {claimed}")

    for dtype in (torch.float32, torch.float64) if given.float64 else (torch.float32,):
        _, start = parameters_of(before, layers, dtype)
        features = torch.from_numpy(shard["features"].copy()).to(dtype)
        added = correction and parameters_of(correction, layers, dtype)[1]
        found, losses = replay_update(replay, start, added, features, labels)
        value, name, at = compare(names, found, expected)
        largest = max(float(tensor.abs().max()) for tensor in expected)
        verdict = "within" if value <= given.tolerance else "ABOVE"
        print(f"{str(dtype).removeprefix('torch.')}: largest difference {value:.3g} at {name}{list(at)}, {verdict} "
              f"{given.tolerance:g}; largest update {largest:.3g}; mean loss {sum(losses) / len(losses):.6f}")
        ok = ok and value <= given.tolerance
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    try:
        main()
    except (Unusable, OSError, KeyError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
