/** Which of a scenario's schedules are adaptive, and what stands in for them where a run is planned ahead. */
import type { ScheduleSpec } from '../kind.js';
import type { HyperparameterName } from '../names.js';
import { type AdaptiveSpec, adaptiveTargets } from './create.js';

/** Whether a spec is an adaptive one. */
export function isAdaptive(spec: unknown): spec is AdaptiveSpec {
  const kind = typeof spec === 'object' && spec !== null ? (spec as { kind?: unknown }).kind : undefined;
  return typeof kind === 'string' && kind in adaptiveTargets;
}

/** The kinds that may drive a name. */
export function adaptiveKindsFor(name: HyperparameterName): AdaptiveSpec['kind'][] {
  const entries = Object.entries(adaptiveTargets) as [AdaptiveSpec['kind'], readonly string[]][];
  return entries.filter(([, targets]) => targets.includes(name)).map(([kind]) => kind);
}

/** The value that a plan counts on: the one that the schedule starts with, and keeps until the run tells it otherwise. */
export function plannedValue(spec: AdaptiveSpec): number {
  return 'start' in spec ? spec.start : 1;
}

/** Specs with every adaptive one replaced by its planned value. */
export function plannedSpecs<Specs extends Record<string, ScheduleSpec | 'full' | AdaptiveSpec | undefined>>(
  specs: Specs,
) {
  const entries = Object.entries(specs).map(([name, spec]) => [name, isAdaptive(spec) ? plannedValue(spec) : spec]);
  return Object.fromEntries(entries) as { [name in keyof Specs]: ScheduleSpec | 'full' | undefined };
}
