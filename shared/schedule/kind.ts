/** What a file of `kinds/` exports: a name, the shape of its parameters, and how to make the schedule. */
import type { z } from 'zod';
import type { Schedule } from './schedule.js';

export interface ScheduleKind<Shape extends z.ZodType = z.ZodType> {
  /** Strict object with `kind` as a literal; its descriptions become the editor's help. */
  readonly schema: Shape;
  /**
   * Makes the schedule.
   *
   * @param totalRounds T, the length of a schedule that names none
   * @throws FedtempoError SCHEDULE_INVALID where parameters of the right type cannot work together
   */
  create(parameters: z.output<Shape>, totalRounds: number): Schedule;
}

/** Keeps the parameter type of `create` tied to the schema. */
export function defineKind<Shape extends z.ZodType>(kind: ScheduleKind<Shape>): ScheduleKind<Shape> {
  return kind;
}
