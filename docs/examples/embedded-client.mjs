// A program that is a client: node embedded-client.mjs URL KEYFOLDER [TOKEN]. docs/embed.md explains it.
import { ownDataOf } from 'fedtempo/client/data/own-data.js';
import { openIdentity } from 'fedtempo/client/identity.js';
import { createTrainer, join } from 'fedtempo/client/join/join.js';

const [url, keyFolder, token] = process.argv.slice(2);

// Ctrl-C says goodbye to the coordinator and ends the program.
const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());

// Asked when the coordinator has said what the run needs. The arrays stay in this process.
function measurements({ features, classes }) {
  if (features !== 2 || classes !== 2)
    throw new Error(`this program has pairs in two classes, not ${features} features`);
  const rows = 200;
  const values = new Float32Array(rows * features);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [x, y] = [Math.sin(row), Math.cos(3 * row)];
    values.set([x, y], row * features);
    labels[row] = x + y > 0 ? 1 : 0;
  }
  return ownDataOf({ features: values, labels, featureCount: features, name: 'measurements' });
}

const trainer = createTrainer({ kind: 'own', parts: 1, data: measurements });
try {
  const { over, reason } = await join({
    url,
    identity: openIdentity(keyFolder),
    token,
    trainer,
    signal: leaving.signal,
    onEvent: (event) => console.log(JSON.stringify(event)),
  });
  console.log(over ? `the run is over: ${reason}` : 'left');
} catch (error) {
  // Such as JOIN_REFUSED or TLS_FAILED: what coming again would not change.
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  trainer.stop();
}
