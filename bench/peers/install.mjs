/**
 * One virtual environment for each peer, in bench/peers/.venv, which is not in git.
 *
 * uv makes them: it links the files of PyTorch, which are the same in five of them, instead of copying 6 GB each. Byte code
 * is compiled at once, as pip does; without it every start of a peer would compile its imports anew.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
export const pythonOf = (environment) => join(here, '.venv', environment, 'bin/python');

/** Installs the environments of `peers`; one that fails is reported and does not stop the others. */
export function install(peers) {
  const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 2, 2] });
  const tools = join(here, '.venv/uv');
  if (!existsSync(tools)) run('python3', '-m', 'venv', tools);
  run(join(tools, 'bin/pip'), 'install', '--quiet', 'uv');
  const uv = join(tools, 'bin/uv');
  const failures = {};
  for (const [environment, { python }] of new Map(peers.map((peer) => [peer.environment, peer]))) {
    try {
      const folder = join(here, '.venv', environment);
      if (!existsSync(folder)) run(uv, 'venv', '--quiet', '--python', findPython(python), folder);
      const requirements = join(here, 'requirements', `${environment}.txt`);
      run(uv, 'pip', 'install', '--compile-bytecode', '--python', pythonOf(environment), '-r', requirements);
    } catch (error) {
      failures[environment] = String(error.message).split('\n')[0];
      process.stderr.write(`${environment} was not installed: ${failures[environment]}\n`);
    }
  }
  return failures;
}

/** A Python of this version: FEDTEMPO_PYTHON_3_11 and the like, python3.11 on the path, or one that pyenv installed. */
function findPython(version) {
  const named = process.env[`FEDTEMPO_PYTHON_${version.replace('.', '_')}`];
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(pyenv) ? readdirSync(pyenv).filter((name) => name.startsWith(`${version}.`)) : [];
  const candidates = [named, ...installed.map((name) => join(pyenv, name, 'bin/python')), `python${version}`];
  for (const candidate of candidates.filter(Boolean)) {
    try {
      const text = execFileSync(candidate, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (String(text).trim() === version) return candidate;
    } catch {
      // Not there, or a shim whose version is not installed: try the next.
    }
  }
  throw new Error(`no Python ${version} was found; name one in FEDTEMPO_PYTHON_${version.replace('.', '_')}`);
}
