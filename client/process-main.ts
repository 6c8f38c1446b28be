/**
 * Entry point of a client process that a coordinator started. It gets its address, token and slot from the environment
 * and exits with the connection: 0 after a goodbye, 1 otherwise.
 */
import { type KernelsName, kernelNames } from '../shared/kernels/choose.js';
import { serveCoordinator } from './connection.js';

// Ctrl-C reaches every process of the terminal; the coordinator decides when its clients end.
process.on('SIGINT', () => {});

const { FEDTEMPO_URL: url, FEDTEMPO_TOKEN: token, FEDTEMPO_SLOT: slot } = process.env;
const { FEDTEMPO_SOFTWARE: software = 'fedtempo', FEDTEMPO_KERNELS: kernels } = process.env;
if (url === undefined || token === undefined || slot === undefined) {
  process.stderr.write(
    'This program is started by fedtempo run; it needs FEDTEMPO_URL, FEDTEMPO_TOKEN and FEDTEMPO_SLOT.\n',
  );
  process.exit(2);
}
const known = kernelNames.find((name) => name === kernels) ?? (kernelNames[0] as KernelsName);
const ending = await serveCoordinator({ url, token, slot: Number(slot), software, kernels: known });
if (!ending.clean) process.stderr.write(`connection ended: ${ending.code} ${ending.reason}\n`);
process.exit(ending.clean ? 0 : 1);
