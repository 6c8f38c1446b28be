/** The scenario's part `devices`: classes of devices by their shares, or a trace with a line for each device. */
import { z } from 'zod';
import { availabilitySchema } from './availability.js';
import { quantityShape } from './quantities.js';

/** Characters of a trace: a stored scenario holds the trace, and must be readable again. */
export const MAX_TRACE_CHARACTERS = 200_000;

const MAX_CLASSES = 64;

const deviceClass = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens'),
    share: z.number().positive().max(1e9).default(1).describe('Part of the clients, relative to the other classes.'),
    ...quantityShape,
    availability: availabilitySchema.optional(),
  })
  .describe('Devices of one sort; each client draws its own from the distributions.');

export type DeviceClass = z.output<typeof deviceClass>;

export const devicesSchema = z
  .strictObject({
    classes: z
      .array(deviceClass)
      .min(1)
      .max(MAX_CLASSES)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'classes with different names')
      .optional(),
    trace: z
      .union([
        z.string().min(1).describe('A CSV file with a line for each device, relative to the scenario.'),
        z.strictObject({ csv: z.string().min(1).max(MAX_TRACE_CHARACTERS) }).describe('The lines themselves.'),
      ])
      .optional()
      .describe(
        'Measured devices: client c has line c modulo their number. Columns are titled like the keys of a class.',
      ),
  })
  .describe('What the clients run on. It gives rounds a duration in virtual time; without it there is none.');

export type DevicesSpec = z.output<typeof devicesSchema>;
