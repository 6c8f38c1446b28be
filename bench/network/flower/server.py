"""Flower's gRPC server with FedAvg over clients that do not train: when each round's updates were all there, and its memory.

start_server is deprecated since Flower 1.13 in favour of the SuperLink, but is the leaner of the two paths: the server
talks to the clients over one gRPC stream each, in one process.
"""
import json
import sys
import time

import flwr
import numpy
from flwr.common import ndarrays_to_parameters
from flwr.server.strategy import FedAvg

address, clients, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
SHAPES = [(784, 200), (200,), (200, 200), (200,), (200, 10), (10,)]


def resident_bytes():
    with open("/proc/self/statm") as file:
        return 4096 * int(file.read().split()[1])


class Timed(FedAvg):
    """FedAvg that notes when a round's clients are about to be asked, when all have replied, and when the mean is made."""

    def __init__(self, **options):
        super().__init__(**options)
        self.times = []

    def configure_fit(self, server_round, parameters, client_manager):
        if server_round == 1:
            client_manager.wait_for(clients)
            self.resident = resident_bytes()
        asked = super().configure_fit(server_round, parameters, client_manager)
        self.times.append([time.time()])
        return asked

    def aggregate_fit(self, server_round, results, failures):
        if failures or len(results) != clients:
            raise RuntimeError(f"{len(results)} replies, {failures[:1]}")
        self.times[-1].append(time.time())
        result = super().aggregate_fit(server_round, results, failures)
        self.times[-1].append(time.time())
        return result


before = resident_bytes()
strategy = Timed(
    fraction_fit=1.0,
    fraction_evaluate=0.0,
    min_fit_clients=clients,
    min_available_clients=clients,
    initial_parameters=ndarrays_to_parameters([numpy.zeros(shape, numpy.float32) for shape in SHAPES]),
)
config = flwr.server.ServerConfig(num_rounds=rounds)
flwr.server.start_server(server_address=address, config=config, strategy=strategy)
answer = {"version": flwr.__version__, "times": strategy.times}
answer |= {"residentBefore": before, "residentConnected": strategy.resident, "residentAfter": resident_bytes()}
print(json.dumps(answer), flush=True)
