/** Writes the schemas that editors read, scenarios/*.schema.json. A test holds that they are current. */
import { writeFileSync } from 'node:fs';
import { scenarioJsonSchema } from '../shared/scenario/json-schema.js';
import { studyJsonSchema } from '../shared/study/schema.js';

for (const [name, schema] of Object.entries({ scenario: scenarioJsonSchema(), study: studyJsonSchema() })) {
  const file = new URL(`../../scenarios/${name}.schema.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
}
