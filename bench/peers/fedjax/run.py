"""FedJAX's federated averaging over for_each_client: --mode jit (its default) or pmap over two host devices.

The haiku model and the jitted gradient are built as in its tutorial. The learning algorithm is fedjax.algorithms.fed_avg.
"""
import os
import sys

MODE = sys.argv[sys.argv.index("--mode") + 1] if "--mode" in sys.argv else "jit"
if MODE == "pmap":
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
os.environ["JAX_PLATFORMS"] = "cpu"
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from importlib.metadata import version  # noqa: E402

import fedjax  # noqa: E402
import haiku as hk  # noqa: E402
import jax  # noqa: E402
import numpy as np  # noqa: E402
from fedjax.algorithms import fed_avg  # noqa: E402

from common import answer, arguments, load_part, load_shards, load_workload  # noqa: E402


def make_model(widths):
    def forward(batch):
        return hk.nets.MLP(widths[1:], w_init=hk.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"))(batch["x"])

    return fedjax.create_model_from_haiku(
        transformed_forward_pass=hk.transform(forward),
        sample_batch={"x": np.zeros((1, widths[0]), np.float32), "y": np.zeros((1,), np.int32)},
        train_loss=lambda batch, outputs: fedjax.metrics.unreduced_cross_entropy_loss(batch["y"], outputs),
        eval_metrics={"loss": fedjax.metrics.CrossEntropyLoss(), "accuracy": fedjax.metrics.Accuracy()},
    )


def main():
    workload = load_workload(arguments())
    fedjax.set_for_each_client_backend(MODE)
    features, labels = load_part(workload, "train")
    labels = labels.astype(np.int32)
    data = fedjax.InMemoryFederatedData(
        {f"{client:06d}": {"x": features[shard], "y": labels[shard]}
         for client, shard in enumerate(load_shards(workload))}
    )
    model = make_model(workload.widths)
    algorithm = fed_avg.federated_averaging(
        fedjax.model_grad(model),
        fedjax.optimizers.sgd(workload.learningRate, workload.momentum or None),
        fedjax.optimizers.sgd(1.0),
        fedjax.ShuffleRepeatBatchHParams(batch_size=workload.batchSize, num_epochs=workload.epochs),
    )
    sampler = fedjax.client_samplers.UniformGetClientSampler(data, workload.cohort, seed=1)
    state = algorithm.init(model.init(jax.random.PRNGKey(1)))
    for number in range(workload.rounds):
        sampler.set_round_num(number)
        state, _ = algorithm.apply(state, sampler.sample())
    test, truth = load_part(workload, "t10k")
    batches = fedjax.padded_batch_client_datasets(
        [fedjax.ClientDataset({"x": test, "y": truth.astype(np.int32)})], batch_size=1000
    )
    found = fedjax.evaluate_model(model, state.params, batches)
    answer(workload, f"fedjax-{MODE}", version("fedjax"), found["loss"], found["accuracy"], jax=jax.__version__)


main()
