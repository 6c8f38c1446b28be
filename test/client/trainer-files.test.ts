/** Which files a client reads is for whoever runs it to say: a coordinator that names others is not followed. */
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createTrainer, type Holding } from 'fedtempo/client/join/join.js';
import type { Assignment } from 'fedtempo/client/join/trainer.js';
import { expect, onTestFinished, test } from 'vitest';
import { repository, temporaryFolder } from '../support/processes.js';

const assignment = (data: Assignment['data']): Assignment => ({
  type: 'assign',
  protocol: 1,
  run: 'r',
  hosting: { index: 0, count: 4 },
  parameters: 650,
  features: 64,
  classes: 10,
  seed: 1,
  data,
  model: {
    kind: 'mlp',
    hidden: [],
    activation: 'tanh',
    initialization: 'glorot',
    loss: 'softmaxCrossEntropy',
  } as Assignment['model'],
  folder: '',
  datasetDigest: '',
});

function prepare(data: Assignment['data'], holding: Holding) {
  const trainer = createTrainer(holding);
  onTestFinished(() => trainer.stop());
  return trainer.prepare(assignment(data), 0);
}

/** A folder of IDX files, as somebody keeps them. */
function privateFiles(): string {
  const folder = temporaryFolder();
  const digits = join(repository, 'datasets/digits');
  for (const file of readdirSync(digits)) copyFileSync(join(digits, file), join(folder, file));
  return folder;
}

const partition = { kind: 'iid', clients: 4 } as const;

test.each(['idx', 'fashion-mnist'] as const)(
  'dataset %s is read from nowhere unless the client names a folder',
  async (dataset) => {
    const folder = privateFiles();
    const asked = { dataset, partition, folder } as Assignment['data'];
    await expect(prepare(asked, { kind: 'simulated' })).rejects.toThrow(
      /come with no package: name their folder with --data/,
    );
    await expect(prepare(asked, { kind: 'simulated', folder })).resolves.toMatchObject({
      features: 64,
      examples: 1500,
    });
  },
);

test('a folder that the coordinator names for MNIST is passed over for the one of the package', async () => {
  const asked = { dataset: 'mnist', partition, folder: privateFiles() } as Assignment['data'];
  await expect(prepare(asked, { kind: 'simulated' })).resolves.toMatchObject({ features: 784, examples: 60_000 });
});

test('a test file that the coordinator names is not opened', async () => {
  const asked = {
    dataset: 'own',
    features: 64,
    classes: 10,
    examples: 9,
    test: '/etc/passwd',
    partition: { kind: 'own', clients: 4 },
  };
  await expect(prepare(asked as Assignment['data'], { kind: 'simulated' })).rejects.toThrow(/join with --data/);
});
