/** What ran: for manifests, and for `--version`. */
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';

export function versions() {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    version: manifest.version,
    node: process.version,
    v8: process.versions.v8,
    platform: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
  };
}
