"""FedLab's standalone simulation: SyncServerHandler, SGDSerialClientTrainer and StandalonePipeline, as in its tutorial.

One process: FedLab's second core would need its cross-process mode, with a server and clients that are started by hand.
SGDSerialClientTrainer has no momentum, so `setup_optim` is the one method that is replaced for W2; its optimizer is one
object for all clients, so its buffers would pass from client to client and are cleared before each.
"""
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import random  # noqa: E402
from importlib.metadata import version  # noqa: E402

import torch  # noqa: E402
from fedlab.contrib.algorithm.basic_client import SGDSerialClientTrainer  # noqa: E402
from fedlab.contrib.algorithm.basic_server import SyncServerHandler  # noqa: E402
from fedlab.contrib.dataset.basic_dataset import FedDataset  # noqa: E402
from fedlab.core.standalone import StandalonePipeline  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from common import Stopwatch, answer, arguments, load_part, load_shards, load_workload  # noqa: E402
from common_torch import evaluate, make_model, shard_tensors  # noqa: E402


class Shards(FedDataset):
    def __init__(self, tensors):
        self.tensors = tensors

    def get_dataloader(self, id, batch_size, type="train"):
        return DataLoader(TensorDataset(*self.tensors[id]), batch_size=batch_size, shuffle=True)


class Trainer(SGDSerialClientTrainer):
    watch = Stopwatch()

    def setup_optim(self, epochs, batch_size, lr, momentum=0):
        super().setup_optim(epochs, batch_size, lr)
        self.optimizer = torch.optim.SGD(self._model.parameters(), lr, momentum=momentum)

    def train(self, model_parameters, train_loader):
        self.optimizer.state.clear()
        with self.watch:
            return super().train(model_parameters, train_loader)


class Pipeline(StandalonePipeline):
    def evaluate(self):
        """The tutorial's own pipeline would test here, every round."""


def main():
    given = arguments()
    workload = load_workload(given)
    torch.manual_seed(1)
    random.seed(1)
    model = make_model(workload.widths)
    trainer = Trainer(model, workload.clients, cuda=False)
    trainer.setup_dataset(Shards(shard_tensors(*load_part(workload, "train"), load_shards(workload))))
    trainer.setup_optim(workload.epochs, workload.batchSize, workload.learningRate, workload.momentum)
    # A hair above cohort/clients: FedLab truncates the product, which may fall just below a whole number.
    ratio = min(1.0, (workload.cohort + 0.001) / workload.clients)
    handler = SyncServerHandler(make_model(workload.widths), workload.rounds, ratio, cuda=False)
    handler.num_clients = workload.clients
    assert handler.num_clients_per_round == workload.cohort
    Pipeline(handler, trainer).main()
    loss, accuracy = evaluate(handler.model, *load_part(workload, "t10k"))
    answer(workload, "fedlab", version("fedlab"), loss, accuracy, trainer.watch.seconds,
           torch=torch.__version__, cores=1 if torch.get_num_threads() == 1 else 2)


main()
