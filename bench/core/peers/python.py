"""PyTorch (eager or compiled) and numpy + OpenBLAS, one thread, by the protocol of ../protocol.mjs.

Usage: python.py numpy|torch|torch-compile FOLDER. numpy is written by hand: forward, backward and update in place, as a
careful person would without a framework.
"""
import json
import os
import statistics
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

KIND, FOLDER = sys.argv[1], sys.argv[2]
EXAMPLES, RATE = 1200, np.float32(0.01)
NETWORKS = {"2nn": [784, 200, 200, 10], "logistic": [784, 10]}
LABELS = np.fromfile(f"{FOLDER}/labels.i32", dtype=np.int32).astype(np.int64)
FEATURES = {name: np.fromfile(f"{FOLDER}/features-{name}.f32", dtype=np.float32).reshape(EXAMPLES, 784)
            for name in ("mnist", "dense")}


def parts(network):
    flat = np.fromfile(f"{FOLDER}/weights-{network}.f32", dtype=np.float32)
    at, found = 0, []
    for inputs, outputs in zip(NETWORKS[network], NETWORKS[network][1:]):
        w = flat[at:at + inputs * outputs].reshape(inputs, outputs).copy()
        at += inputs * outputs
        found.append((w, flat[at:at + outputs].copy()))
        at += outputs
    return found


class Numpy:
    def __init__(self, network):
        self.layers = parts(network)

    def batch(self, x, y):
        return x, y

    def rows(self, data, index):
        return data[0][index], data[1][index]

    def step(self, x, y):
        activations = [x]
        for index, (w, b) in enumerate(self.layers):
            z = activations[-1] @ w
            z += b
            if index + 1 < len(self.layers):
                np.maximum(z, 0, out=z)
            activations.append(z)
        p = activations[-1]
        p -= p.max(1, keepdims=True)
        rows = np.arange(len(y))
        labelled = p[rows, y]
        np.exp(p, out=p)
        total = p.sum(1)
        loss = (np.log(total) - labelled).mean()
        p /= total[:, None]
        p[rows, y] -= 1
        p /= np.float32(len(y))
        delta = p
        for index in range(len(self.layers) - 1, -1, -1):
            w, b = self.layers[index]
            x = activations[index]
            before = (delta @ w.T) * (x > 0) if index > 0 else None
            gradient = x.T @ delta
            gradient *= RATE
            w -= gradient
            b -= RATE * delta.sum(0)
            delta = before
        return loss


class Torch:
    compiled = False

    def __init__(self, network):
        import torch
        torch.set_num_threads(1)
        self.torch = torch
        layers = []
        for index, (w, b) in enumerate(parts(network)):
            if index > 0:
                layers.append(torch.nn.ReLU())
            linear = torch.nn.Linear(*w.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w.T))
                linear.bias.copy_(torch.from_numpy(b))
            layers.append(linear)
        model = torch.nn.Sequential(*layers)
        self.optimizer = torch.optim.SGD(model.parameters(), lr=float(RATE))
        criterion = torch.nn.CrossEntropyLoss()

        def loss(x, y):
            return criterion(model(x), y)

        self.loss = torch.compile(loss) if self.compiled else loss

    def batch(self, x, y):
        return self.torch.from_numpy(np.ascontiguousarray(x)), self.torch.from_numpy(y)

    def rows(self, data, index):
        index = self.torch.from_numpy(index)
        return data[0][index], data[1][index]

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        loss.backward()
        self.optimizer.step()
        return loss


class Compiled(Torch):
    compiled = True


PEER = {"numpy": Numpy, "torch": Torch, "torch-compile": Compiled}[KIND]


def sgemm(milliseconds):
    a = np.random.default_rng(1).random((1024, 1024), dtype=np.float32)
    return 2 * 1024 ** 3 / clock(lambda: a @ a, milliseconds) / 1000


def small_product(milliseconds):
    generator = np.random.default_rng(1)
    a, b = generator.random((10, 784), dtype=np.float32), generator.random((784, 200), dtype=np.float32)
    return 2 * 10 * 784 * 200 / clock(lambda: a @ b, milliseconds) / 1000


def clock(run, milliseconds):
    run()
    run()
    times, end = [], time.perf_counter() + milliseconds / 1000
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def loss_of(value):
    return float(value.detach()) if KIND != "numpy" else float(value)


peers = {}


def answer(task, network=None, input=None, batch=None, milliseconds=None):
    if task == "sgemm":
        return {"gigaflops": sgemm(milliseconds)}
    if task == "product":
        return {"gigaflops": small_product(milliseconds)}
    x, y = FEATURES[input], LABELS
    if task == "check":
        peer = PEER(network)
        return {"losses": [loss_of(peer.step(*peer.batch(x[s * batch:(s + 1) * batch], y[s * batch:(s + 1) * batch])))
                           for s in range(5)]}
    key = (network, batch) if KIND == "torch-compile" else network
    peer = peers.setdefault(key, None) or PEER(network)
    peers[key] = peer
    if task == "epoch":
        data, generator = peer.batch(x, y), np.random.default_rng(2)

        def epoch():
            order = generator.permutation(600)
            for at in range(0, 600, batch):
                peer.step(*peer.rows(data, order[at:at + batch]))

        return {"microseconds": clock(epoch, milliseconds)}
    count = min(20, EXAMPLES // batch)
    batches = [peer.batch(x[s * batch:(s + 1) * batch], y[s * batch:(s + 1) * batch]) for s in range(count)]
    at = [0]

    def one():
        peer.step(*batches[at[0] % count])
        at[0] += 1

    return {"microseconds": clock(one, milliseconds)}


for line in sys.stdin:
    try:
        result = answer(**json.loads(line))
    except Exception as error:  # noqa: BLE001 - reported to the caller, which decides
        result = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(result), flush=True)
