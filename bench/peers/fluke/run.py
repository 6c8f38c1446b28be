"""fluke's simulation: FedAVG over FastDataLoader, its own answer to PyTorch's slow one, one client after the other.

One process: this version trains clients in turn. The splitter hands out the given shards in place of drawing its own.
persistency is off, so that a client's optimizer begins anew each round, as on the other sides.
"""
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from importlib.metadata import version  # noqa: E402

import torch  # noqa: E402
from fluke import DDict, FlukeENV  # noqa: E402
from fluke.algorithms.fedavg import FedAVG  # noqa: E402
from fluke.client import Client  # noqa: E402
from fluke.data import DataSplitter, FastDataLoader  # noqa: E402

from common import Stopwatch, answer, arguments, load_part, load_shards, load_workload  # noqa: E402
from common_torch import evaluate, make_model, shard_tensors  # noqa: E402

WATCH = Stopwatch()


class GivenShards(DataSplitter):
    def __init__(self, tensors):
        self.tensors = tensors

    def assign(self, n_clients, batch_size=32):
        loaders = [FastDataLoader(*pair, num_labels=10, batch_size=batch_size, shuffle=True) for pair in self.tensors]
        return (loaders, [None] * n_clients), None


class TimedClient(Client):
    def fit(self, override_local_epochs=0):
        with WATCH:
            return super().fit(override_local_epochs)


class TimedFedAVG(FedAVG):
    def get_client_class(self):
        return TimedClient


def main():
    workload = load_workload(arguments())
    environment = FlukeENV()
    environment.set_seed(1)
    environment.set_device("cpu")
    environment.set_eval_cfg(pre_fit=False, post_fit=False, locals=False, server=False)
    optimizer = {"name": "SGD", "lr": workload.learningRate, "momentum": workload.momentum}
    client = {
        "batch_size": workload.batchSize,
        "local_epochs": workload.epochs,
        "loss": "CrossEntropyLoss",
        "optimizer": optimizer,
        "scheduler": {"step_size": 1, "gamma": 1},
        "persistency": False,
    }
    tensors = shard_tensors(*load_part(workload, "train"), load_shards(workload))
    algorithm = TimedFedAVG(
        n_clients=workload.clients,
        data_splitter=GivenShards(tensors),
        hyper_params=DDict(model=make_model(workload.widths), client=DDict(client), server=DDict(weighted=True)),
    )
    # A hair above cohort/clients: fluke truncates the product, which may fall just below a whole number.
    share = workload.cohort / workload.clients
    algorithm.run(workload.rounds, share if share == 1 else share + 1e-6)
    loss, accuracy = evaluate(algorithm.server.model, *load_part(workload, "t10k"))
    answer(workload, "fluke", version("fluke-fl"), loss, accuracy, WATCH.seconds, torch=torch.__version__)


main()
