/** Listens, and says what to do where that cannot be. */
import type { Server } from 'node:net';
import { FedtempoError } from '../../shared/errors.js';

/** Connections that the kernel holds until they are accepted: a whole federation may come back at once. */
const BACKLOG = 4096;

/** @throws FedtempoError PORT_UNAVAILABLE */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unavailable(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      // Such as no file descriptor left for a connection: that one is lost, the others are not.
      server.on('error', () => {});
      resolve();
    });
  });
}

function unavailable(error: NodeJS.ErrnoException, host: string, port: number): FedtempoError {
  const summary = 'the coordinator cannot listen on its address';
  const where = `${host}:${port}`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new FedtempoError('PORT_UNAVAILABLE', summary, {
      where,
      found: `${host} is no address of this machine`,
      expected: 'an address of this machine, 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses',
      fix: 'choose another with --host',
    });
  }
  return new FedtempoError('PORT_UNAVAILABLE', summary, {
    where,
    found: error.code === 'EADDRINUSE' ? `port ${port} is taken by another program` : `port ${port}: ${error.message}`,
    expected: 'a free port above 1023, or 0 for any free one',
    fix: 'choose another with --port, or with --set pool.port=0 where client processes are started here',
  });
}
