/** Real processes and run directories for tests: started, waited for, cleaned up. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
export const commandFile = join(repository, 'dist/cli/main.js');
export const clientFile = join(repository, 'dist/client/process-main.js');
export const poolThread = new URL('../../dist/client/pool-thread.js', import.meta.url);

/** Takes what is to be done at the end: of a test, or of all tests of a file that share something. */
export type AtEnd = (clean: () => void) => void;

/** A folder that is gone when the test is over. */
export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-test-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the match once standard error has it; rejects if the process ends before. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface StartOptions {
  /** What the command line begins with, such as that of a network namespace. */
  readonly within?: readonly string[];
  readonly atEnd?: AtEnd;
}

/** Starts the built command; it is killed if the test, or whatever `atEnd` stands for, ends before it does. */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  { within = [], atEnd = onTestFinished }: StartOptions = {},
): Started {
  const [program, ...rest] = [...within, process.execPath, commandFile, ...args];
  const child = spawn(program, rest, {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atEnd(() => {
    child.kill('SIGKILL');
  });
  let [stdout, stderr] = ['', ''];
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const watch of watchers) watch();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const watch = () => {
        const match = stderr.match(pattern);
        if (match === null) return;
        watchers.delete(watch);
        resolve(match);
      };
      watchers.add(watch);
      watch();
      void ended.then(() => reject(new Error(`it ended without saying ${pattern}:\n${stderr}`)));
    });
  return { child, ended, says };
}

/** Runs the built command to its end. */
export function runCommand(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return startCommand(args, environment).ended;
}

/** The records of a JSON-lines file. */
export function readLines(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Process ids of client processes, or of those with another entry point, that were started by `parent`. */
export async function childrenOf(parent: number, entry = 'process-main'): Promise<number[]> {
  const list = await new Promise<string>((resolve) => {
    const ps = spawn('ps', ['-A', '-o', 'pid=,ppid=,args=']);
    let text = '';
    ps.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    ps.once('close', () => resolve(text));
  });
  return list
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, ...args]) => Number(ppid) === parent && args.join(' ').includes(entry))
    .map(([pid]) => Number(pid));
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
