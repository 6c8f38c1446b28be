/**
 * A served run with a population of host processes, each with some of its clients: what they say, what the coordinator logs,
 * and hosts that are killed, started again as the clients they were, stopped and woken. Plain JavaScript: the long runs in
 * test/soak use it as the tests do.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const commandFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export class Population {
  /** What clients said: events of `join --json`, with the number of their host. */
  events = [];
  /** Log lines of the coordinator. */
  log = [];
  directory;
  #folder;
  #file;
  #hosts;
  #clientsPerHost;
  #joinOptions;
  #url;
  #coordinator;
  #processes = new Set();
  #watchers = new Set();

  /** @param text the scenario */
  constructor(folder, text, { hosts, clientsPerHost, joinOptions = [] }) {
    this.#folder = folder;
    this.#file = join(folder, 'scenario.yaml');
    this.directory = join(folder, 'run');
    this.#hosts = new Array(hosts);
    this.#clientsPerHost = clientsPerHost;
    this.#joinOptions = joinOptions;
    writeFileSync(this.#file, text);
  }

  /** Starts the coordinator. Resolves with its URL when clients may join. */
  async serve(options = []) {
    const args = [
      'serve',
      this.#file,
      '--port',
      '0',
      '--run',
      this.directory,
      '--quiet',
      '--json',
      '--log-level',
      'info',
    ];
    const child = this.#start([...args, ...options]);
    this.#coordinator = this.#end(child);
    const listening = new Promise((resolve) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        const [, url] = /^listening on (\S+)/.exec(line) ?? [];
        if (url !== undefined) resolve(url);
        if (line.startsWith('{')) this.#tell(this.log, JSON.parse(line));
      });
    });
    this.#url = await Promise.race([
      listening,
      this.#coordinator.then(({ output }) => Promise.reject(new Error(output))),
    ]);
    return this.#url;
  }

  /** @param url by which clients come, if not straight to the coordinator */
  joinAll(url = this.#url) {
    this.#url = url;
    for (const host of this.#hosts.keys()) this.join(host);
  }

  /** Starts a host: the first time, or after its end, as the clients that it was. */
  join(host, options = []) {
    const first = host * this.#clientsPerHost;
    const who = ['--simulate-shard', String(first), '--clients', String(this.#clientsPerHost)];
    const place = ['--identity', join(this.#folder, `identity-${host}`), '--json', '--quiet'];
    const child = this.#start(['join', this.#url, ...who, ...place, ...this.#joinOptions, ...options]);
    child.stderr.resume();
    createInterface({ input: child.stdout }).on('line', (line) => {
      // The last words of a killed process may be torn.
      if (line.endsWith('}')) this.#tell(this.events, { host, ...JSON.parse(line) });
    });
    const ended = this.#end(child);
    this.#hosts[host] = { child, ended };
    return ended;
  }

  /** @param signal SIGKILL, SIGSTOP, SIGCONT, SIGINT. Resolves, where it ends the host, with its end. */
  signal(host, signal) {
    const { child, ended } = this.#hosts[host];
    child.kill(signal);
    return ended;
  }

  /** Calls back with each thing that is said or logged from now on; true ends it. Resolves then. */
  until(callback) {
    return new Promise((resolve) => {
      const watch = (one) => {
        if (!callback(one)) return;
        this.#watchers.delete(watch);
        resolve(one);
      };
      this.#watchers.add(watch);
    });
  }

  /** Resolves when the coordinator has ended. */
  get ended() {
    return this.#coordinator;
  }

  /** Resolves when every host has ended by itself. */
  hostsEnded() {
    return Promise.all(this.#hosts.map(({ ended }) => ended));
  }

  /** Ends every process that is left. */
  async stop() {
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all([this.#coordinator, ...this.#hosts.map((host) => host?.ended)]);
  }

  #tell(list, one) {
    list.push(one);
    for (const watch of this.#watchers) watch(one);
  }

  #start(args) {
    const child = spawn(process.execPath, [commandFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#processes.add(child);
    return child;
  }

  #end(child) {
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] = (output[name] + text).slice(-20_000);
      });
    }
    return new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#processes.delete(child);
        resolve({ code, signal, stdout: output.stdout, output: output.stdout + output.stderr });
      });
    });
  }
}
