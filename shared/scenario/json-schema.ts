/** The JSON Schema of scenario files, made from the one schema. */
import { z } from 'zod';
import { scenarioSchema } from './schema.js';

/** Draft 2020-12, for what a person writes: values with a default may be left out. */
export function scenarioJsonSchema(): object {
  return { title: 'fedtempo scenario', ...z.toJSONSchema(scenarioSchema, { io: 'input' }) };
}
