"""The model and its test, for the peers that use PyTorch."""
import torch
from torch import nn


def make_model(widths):
    """ReLU between dense layers; PyTorch's own initialisation, which is fedtempo's `uniform`."""
    layers = []
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        if index > 0:
            layers.append(nn.ReLU())
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


@torch.no_grad()
def evaluate(model, features, labels):
    """Mean cross-entropy and accuracy."""
    model.eval()
    outputs = model(torch.as_tensor(features))
    labels = torch.as_tensor(labels)
    loss = nn.functional.cross_entropy(outputs, labels).item()
    return loss, (outputs.argmax(1) == labels).float().mean().item()


def shard_tensors(features, labels, shards):
    """Each client's examples as two tensors of its own."""
    features, labels = torch.from_numpy(features), torch.from_numpy(labels)
    return [(features[torch.from_numpy(shard)], labels[torch.from_numpy(shard)]) for shard in shards]
