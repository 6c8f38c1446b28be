/** Writes docs/pictures/schedule-*.svg from the examples of docs/schedules.md. A test holds that they are current. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { picturesOf } from './schedule-pictures.js';

const docs = new URL('../../docs/', import.meta.url);
mkdirSync(new URL('pictures/', docs), { recursive: true });
for (const [name, svg] of picturesOf(readFileSync(new URL('schedules.md', docs), 'utf8'))) {
  writeFileSync(new URL(`pictures/${name}`, docs), svg);
}
