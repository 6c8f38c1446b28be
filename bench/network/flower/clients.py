"""Many Flower clients in one process, a thread each, that answer with an update made beforehand."""
import os
import signal
import sys
import threading

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy  # noqa: E402
from flwr.client import NumPyClient  # noqa: E402
from flwr.compat.client.app import start_client  # noqa: E402

address, count = sys.argv[1], int(sys.argv[2])
SHAPES = [(784, 200), (200,), (200, 200), (200,), (200, 10), (10,)]
UPDATE = [numpy.sin(numpy.arange(numpy.prod(shape), dtype=numpy.float32)).reshape(shape) for shape in SHAPES]
# Flower wants to hear of signals, which only a main thread can; here the bench ends the process.
signal.signal = lambda *_: None


class Light(NumPyClient):
    def fit(self, parameters, config):
        return UPDATE, 60, {}


def serve():
    start_client(server_address=address, client=Light().to_client(), insecure=True)


threads = [threading.Thread(target=serve) for _ in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
