"""What the peers' scripts share: reading a workload's data, and the line of JSON that each prints at its end.

Letters: n examples, d features. Features are float32 in 0..1, made from bytes once, as the peers' own tutorials do.
"""
import argparse
import json
import os
import time
from types import SimpleNamespace

import numpy as np


def arguments():
    """The command line of every peer: WORKLOAD DATA [--rounds N], where DATA is what make-data.mjs wrote."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, help="stop after these instead of the workload's")
    parser.add_argument("--mode", default="", help="a peer's own choice, such as threads or processes")
    return parser.parse_args()


def load_workload(given):
    """The workload as an object; `partial` says that fewer rounds than its own were asked for."""
    with open(os.path.join(given.data, given.workload, "workload.json"), encoding="utf-8") as file:
        workload = SimpleNamespace(**json.load(file))
    workload.partial = given.rounds is not None and given.rounds != workload.rounds
    workload.rounds = given.rounds or workload.rounds
    workload.folder = given.data
    return workload


def read_idx(path):
    """Unsigned bytes of an IDX file, in its own shape."""
    raw = np.fromfile(path, dtype=np.uint8)
    rank = int(raw[3])
    shape = raw[4:4 + 4 * rank].view(">u4").astype(int)
    return raw[4 + 4 * rank:].reshape(shape)


def load_part(workload, part):
    """Features [n, d] float32 and labels [n] int64 of `train` or `t10k`."""
    folder = os.path.join(workload.folder, workload.data)
    images = read_idx(os.path.join(folder, f"{part}-images-idx3-ubyte"))
    labels = read_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte")).astype(np.int64)
    features = images.reshape(len(images), -1).astype(np.float32)
    features /= np.float32(255)
    return features, labels


def load_shards(workload):
    """The indices of each client's training examples, a list of arrays."""
    folder = os.path.join(workload.folder, workload.name)
    order = np.fromfile(os.path.join(folder, "order.u32"), dtype=np.uint32).astype(np.int64)
    cuts = np.fromfile(os.path.join(folder, "cuts.u32"), dtype=np.uint32).astype(np.int64)
    return [order[cuts[c]:cuts[c + 1]] for c in range(len(cuts) - 1)]


def since_process_start():
    """Seconds since this process was started by the kernel, imports included; Linux, to a hundredth."""
    with open("/proc/self/stat", encoding="ascii") as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/uptime", encoding="ascii") as file:
        uptime = float(file.read().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def answer(workload, peer, version, loss, accuracy, train_seconds=None, **more):
    """Prints the result; the runner reads the last line that begins with a brace."""
    result = {
        "workload": workload.name,
        "peer": peer,
        "version": version,
        "wallSeconds": round(since_process_start(), 2),
        "tasks": workload.rounds * workload.cohort,
        "rounds": workload.rounds,
        "finalLoss": float(loss),
        "finalAccuracy": float(accuracy),
    }
    if train_seconds is not None:
        result["trainSeconds"] = round(float(train_seconds), 3)
    print(json.dumps({**result, **more}), flush=True)


class Stopwatch:
    """Adds up the time of the local training alone."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.began = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.began
