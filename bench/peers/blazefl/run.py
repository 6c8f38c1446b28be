"""BlazeFL's own FedAvg (blazefl.contrib): --mode processes (its pool with shared memory) or threads.

Its client has no momentum; for W2 its `train` is replaced by the same loop with it. The partitioned dataset keeps its
tensors in this module, which forked workers inherit: a client's configuration then carries no data.
"""
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import multiprocessing  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from enum import StrEnum  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

# An optimizer imports this when the first is made; without it here, every worker of every round's pool would do so anew.
import torch._dynamo  # noqa: E402, F401
from blazefl.contrib import fedavg  # noqa: E402
from blazefl.core import IPCMode, deserialize_model, serialize_model  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from common import answer, arguments, load_part, load_shards, load_workload  # noqa: E402
from common_torch import evaluate, make_model, shard_tensors  # noqa: E402

SHARDS = []
WIDTHS = []
MOMENTUM = [0.0]
TRAIN_SECONDS = multiprocessing.Value("d", 0.0)


class ModelName(StrEnum):
    MLP = "MLP"


class Selector:
    def select_model(self, model_name):
        return make_model(WIDTHS)


class Shards:
    """BlazeFL's PartitionedDataset over the given shards."""

    def get_dataset(self, type_, cid):
        return TensorDataset(*SHARDS[cid])

    def set_dataset(self, type_, cid, dataset):
        """Called after training for datasets that change; these do not."""

    def get_dataloader(self, type_, cid, batch_size=None, generator=None):
        return DataLoader(self.get_dataset(type_, cid), batch_size=batch_size, shuffle=True, generator=generator)


def train(model, model_parameters, train_loader, device, epochs, lr, stop_event, cid):
    """BlazeFL's own loop with momentum and a clock."""
    began = time.perf_counter()
    model.to(device)
    deserialize_model(model, model_parameters)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=MOMENTUM[0])
    criterion = torch.nn.CrossEntropyLoss()
    data_size = 0
    for _ in range(epochs):
        if stop_event.is_set():
            break
        for data, target in train_loader:
            data = data.to(device)
            target = target.to(device)
            loss = criterion(model(data), target)
            data_size += len(target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with TRAIN_SECONDS.get_lock():
        TRAIN_SECONDS.value += time.perf_counter() - began
    return fedavg.FedAvgProcessPoolUplinkPackage(cid, serialize_model(model), data_size)


def make_trainer(workload, mode, folder):
    common = {
        "model_selector": Selector(),
        "model_name": ModelName.MLP,
        "dataset": Shards(),
        "device": "cpu",
        "num_clients": workload.clients,
        "epochs": workload.epochs,
        "batch_size": workload.batchSize,
        "lr": workload.learningRate,
        "seed": 1,
        "num_parallels": 2,
    }
    if mode == "threads":
        trainer = fedavg.FedAvgThreadPoolClientTrainer(**common)
        trainer.train = train
        return trainer
    fedavg.FedAvgProcessPoolClientTrainer.train = staticmethod(train)
    return fedavg.FedAvgProcessPoolClientTrainer(
        **common, share_dir=folder / "share", state_dir=folder / "state", ipc_mode=IPCMode.SHARED_MEMORY
    )


def main(folder):
    given = arguments()
    mode = given.mode or "processes"
    workload = load_workload(given)
    torch.manual_seed(1)
    WIDTHS.extend(workload.widths)
    MOMENTUM[0] = workload.momentum
    SHARDS.extend(shard_tensors(*load_part(workload, "train"), load_shards(workload)))
    handler = fedavg.FedAvgBaseServerHandler(
        model_selector=Selector(),
        model_name=ModelName.MLP,
        dataset=Shards(),
        global_round=workload.rounds,
        num_clients=workload.clients,
        # A hair above cohort/clients: BlazeFL truncates the product, which may fall just below a whole number.
        sample_ratio=min(1.0, (workload.cohort + 0.001) / workload.clients),
        device="cpu",
        batch_size=workload.batchSize,
        seed=1,
    )
    trainer = make_trainer(workload, mode, folder)
    while not handler.if_stop():
        sampled = handler.sample_clients()
        trainer.local_process(handler.downlink_package(), sampled)
        for package in trainer.uplink_package():
            handler.load(package)
    loss, accuracy = evaluate(handler.model, *load_part(workload, "t10k"))
    answer(workload, f"blazefl-{mode}", version("blazefl"), loss, accuracy, TRAIN_SECONDS.value, torch=torch.__version__)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
