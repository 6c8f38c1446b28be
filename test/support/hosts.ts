/**
 * Hosts of their own on one machine: network namespaces with an address each, joined by veth pairs to a bridge in one more
 * namespace, so that nothing of the machine's own network is touched. Needs root and iproute2.
 */
import { execFileSync } from 'node:child_process';
import { onTestFinished, type TestContext } from 'vitest';
import { isAlive, type Started, startCommand } from './processes.js';

export interface Host {
  /** IPv4, seen by the other hosts. */
  readonly address: string;
  /** What a command line begins with to run there. */
  readonly within: readonly string[];
  /** `fedtempo` there. */
  start(args: readonly string[], environment?: Record<string, string>): Started;
  /** Pulls the cable of this host, or puts it back. */
  link(state: 'down' | 'up'): void;
}

const PREFIX = 'fedtempo-';
let networks = 0;

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Removes what test processes that were killed left behind: a namespace is named by the process that made it. */
function sweep(): void {
  for (const name of namespaces()) {
    const [, pid] = /^fedtempo-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && Number(pid) !== process.pid && !isAlive(Number(pid))) ip('netns', 'del', name);
  }
}

function namespaces(): string[] {
  return ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((name) => name.startsWith(PREFIX));
}

/**
 * Makes `count` hosts for one test; skips it where that cannot be, except in CI.
 *
 * @param first address; the others follow it
 */
export function makeHosts(context: TestContext, count: number, first = '10.77.0.1'): Host[] {
  networks += 1;
  const network = `${PREFIX}${process.pid}-${networks}`;
  const bridge = `${network}-net`;
  // Registered first: also what is made only in part goes away, and after the processes in it.
  onTestFinished(() => {
    for (const name of made) ip('netns', 'del', name);
  });
  const made: string[] = [];
  const add = (name: string) => {
    ip('netns', 'add', name);
    made.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  };
  try {
    sweep();
    add(bridge);
    ip('-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'bridge', 'up');
  } catch (error) {
    const reason = `network namespaces need root and iproute2: ${String(error).trim()}`;
    if (process.env.CI === 'true') throw new Error(reason);
    return context.skip(reason);
  }
  return Array.from({ length: count }, (_, index) => {
    const name = `${network}-${index}`;
    const address = first.replace(/\d+$/, (last) => String(Number(last) + index));
    add(name);
    ip('-n', bridge, 'link', 'add', `port${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('-n', bridge, 'link', 'set', `port${index}`, 'master', 'bridge', 'up');
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    const within = ['ip', 'netns', 'exec', name];
    return {
      address,
      within,
      start: (args, environment) => startCommand(args, environment, { within }),
      link: (state) => ip('-n', bridge, 'link', 'set', `port${index}`, state),
    };
  });
}
