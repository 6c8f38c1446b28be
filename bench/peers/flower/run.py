"""Flower's simulation: ServerApp and ClientApp over the Ray backend, one core for a client, so that two train at a time.

The apps are written as in Flower's PyTorch tutorial (message API). Ray's actors live as long as the run, so each reads the
dataset once and a client takes its rows of it: no example crosses between processes.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# Ray's actors import this folder's modules too.
os.environ["PYTHONPATH"] = os.path.dirname(HERE) + os.pathsep + os.environ.get("PYTHONPATH", "")
sys.path.insert(0, os.path.dirname(HERE))

import time  # noqa: E402
from importlib.metadata import version  # noqa: E402

import torch  # noqa: E402
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp import Grid, ServerApp  # noqa: E402
from flwr.serverapp.strategy import FedAvg  # noqa: E402
from flwr.simulation import run_simulation  # noqa: E402

from common import answer, arguments, load_part, load_workload  # noqa: E402
from common_torch import evaluate, make_model  # noqa: E402

client_app = ClientApp()
server_app = ServerApp()
RESULT = {}
WORKLOAD = load_workload(arguments())


def local_data():
    """All examples of this process, read once; a client takes its rows of them."""
    import common

    if not hasattr(common, "cached"):
        torch.set_num_threads(1)
        features, labels = common.load_part(WORKLOAD, "train")
        common.cached = torch.from_numpy(features), torch.from_numpy(labels), common.load_shards(WORKLOAD)
    return common.cached


@client_app.train()
def train(message: Message, context: Context):
    features, labels, shards = local_data()
    rows = torch.from_numpy(shards[context.node_config["partition-id"]])
    features, labels = features[rows], labels[rows]
    model = make_model(WORKLOAD.widths)
    model.load_state_dict(message.content["arrays"].to_torch_state_dict())
    began = time.perf_counter()
    optimizer = torch.optim.SGD(model.parameters(), lr=WORKLOAD.learningRate, momentum=WORKLOAD.momentum)
    criterion = torch.nn.CrossEntropyLoss()
    for _ in range(WORKLOAD.epochs):
        order = torch.randperm(len(labels))
        for batch in order.split(WORKLOAD.batchSize):
            optimizer.zero_grad()
            criterion(model(features[batch]), labels[batch]).backward()
            optimizer.step()
    seconds = time.perf_counter() - began
    metrics = MetricRecord({"num-examples": len(labels), "train_seconds": seconds})
    content = RecordDict({"arrays": ArrayRecord(model.state_dict()), "metrics": metrics})
    return Message(content=content, reply_to=message)


@server_app.main()
def main(grid: Grid, context: Context):
    torch.manual_seed(1)
    model = make_model(WORKLOAD.widths)
    strategy = FedAvg(
        # Flower truncates the product, which may fall just below a whole number.
        fraction_train=min(1.0, (WORKLOAD.cohort + 0.001) / WORKLOAD.clients),
        fraction_evaluate=0.0,
        min_train_nodes=WORKLOAD.cohort,
        min_available_nodes=WORKLOAD.clients,
    )
    result = strategy.start(grid=grid, initial_arrays=ArrayRecord(model.state_dict()), num_rounds=WORKLOAD.rounds)
    model.load_state_dict(result.arrays.to_torch_state_dict())
    RESULT["test"] = evaluate(model, *load_part(WORKLOAD, "t10k"))
    # Flower averages a metric over the round's clients.
    means = [float(record["train_seconds"]) for record in result.train_metrics_clientapp.values()]
    RESULT["seconds"] = sum(means) * WORKLOAD.cohort


if __name__ == "__main__":
    run_simulation(
        server_app=server_app,
        client_app=client_app,
        num_supernodes=WORKLOAD.clients,
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}, "init_args": {"num_cpus": 2}},
    )
    answer(WORKLOAD, "flower", version("flwr"), *RESULT["test"], RESULT["seconds"], torch=torch.__version__,
           ray=version("ray"))
