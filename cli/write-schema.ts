/** Writes scenarios/scenario.schema.json, the schema that editors read. A test holds that it is current. */
import { writeFileSync } from 'node:fs';
import { scenarioJsonSchema } from '../shared/scenario/json-schema.js';

const file = new URL('../../scenarios/scenario.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`);
