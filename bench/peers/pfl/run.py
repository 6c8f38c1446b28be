"""pfl-research's SimulatedBackend with PyTorch, two processes under torchrun, which is how its guide uses more cores.

Start it with `python -m torch.distributed.run --nproc_per_node 2 run.py WORKLOAD DATA` or, for one process, directly.
pfl cuts a user's data into batches once, in their order, and does not shuffle between epochs.
"""
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from importlib.metadata import version  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from pfl.aggregate.simulate import SimulatedBackend  # noqa: E402
from pfl.aggregate.weighting import WeightByDatapoints  # noqa: E402
from pfl.algorithm.base import NNAlgorithmParams  # noqa: E402
from pfl.algorithm.federated_averaging import FederatedAveraging  # noqa: E402
from pfl.data.federated_dataset import FederatedDataset  # noqa: E402
from pfl.data.pytorch import PyTorchTensorDataset  # noqa: E402
from pfl.data.sampling import get_user_sampler  # noqa: E402
from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams  # noqa: E402
from pfl.internal.ops.selector import get_framework_module  # noqa: E402
from pfl.metrics import Weighted  # noqa: E402
from pfl.model.pytorch import PyTorchModel  # noqa: E402

from common import Stopwatch, answer, arguments, load_part, load_shards, load_workload  # noqa: E402
from common_torch import evaluate, make_model, shard_tensors  # noqa: E402


class Network(torch.nn.Module):
    """The model with the two methods that pfl asks for."""

    def __init__(self, widths):
        super().__init__()
        self.layers = make_model(widths)

    def forward(self, inputs):
        return self.layers(inputs)

    def loss(self, inputs, targets):
        return torch.nn.functional.cross_entropy(self.layers(inputs), targets)

    @torch.no_grad()
    def metrics(self, inputs, targets):
        return {"loss": Weighted(self.loss(inputs, targets).item() * len(inputs), len(inputs))}


class TimedAveraging(FederatedAveraging):
    watch = Stopwatch()

    def train_one_user(self, *args):
        with self.watch:
            return super().train_one_user(*args)


def main():
    workload = load_workload(arguments())
    torch.manual_seed(1)
    np.random.seed(1)
    users = shard_tensors(*load_part(workload, "train"), load_shards(workload))
    sampler = get_user_sampler("random", list(range(workload.clients)))
    data = FederatedDataset(lambda user: PyTorchTensorDataset(users[user], user_id=str(user)), sampler)
    network = Network(workload.widths)
    model = PyTorchModel(
        network,
        lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=workload.momentum),
        torch.optim.SGD(network.parameters(), lr=1.0),
    )
    algorithm = TimedAveraging()
    algorithm.run(
        algorithm_params=NNAlgorithmParams(
            central_num_iterations=workload.rounds,
            # Round 0 is always evaluated, on its own cohort; no other is.
            evaluation_frequency=workload.rounds,
            train_cohort_size=workload.cohort,
            val_cohort_size=None,
        ),
        backend=SimulatedBackend(training_data=data, val_data=data, postprocessors=[WeightByDatapoints()]),
        model=model,
        model_train_params=NNTrainHyperParams(
            local_batch_size=workload.batchSize,
            local_num_epochs=workload.epochs,
            local_learning_rate=workload.learningRate,
        ),
        model_eval_params=NNEvalHyperParams(local_batch_size=None),
        callbacks=[],
    )
    distributed = get_framework_module().distributed
    seconds = torch.tensor([algorithm.watch.seconds])
    if distributed.world_size > 1:
        torch.distributed.all_reduce(seconds)
    if distributed.global_rank == 0:
        loss, accuracy = evaluate(network.layers, *load_part(workload, "t10k"))
        answer(workload, "pfl", version("pfl"), loss, accuracy, seconds.item(), torch=torch.__version__,
               processes=distributed.world_size)
    if distributed.world_size > 1:
        torch.distributed.destroy_process_group()


main()
