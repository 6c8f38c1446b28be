/** A small valid scenario; tests change a line of it. Line numbers are part of what they expect. */
export const base = `schemaVersion: 1
name: base
data:
  dataset: digits
  partition: { kind: iid, clients: 20 }
model: { kind: mlp, hidden: [32] }
federation:
  rounds: 60
  cohort: { size: 5 }
schedules:
  learningRate: 0.3
  batchSize: 10
`;

/** The scenario with one piece of its text replaced. */
export function changed(from: string, to: string): string {
  if (!base.includes(from)) throw new Error(`the base scenario has no ${from}`);
  return base.replace(from, to);
}
