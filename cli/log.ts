/** Structured logs (pino, JSON lines) on standard error, for machines; people read the progress display. */
import pino, { type Logger } from 'pino';

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes synchronously, so that the last lines are there whatever ends the process. */
export function createLog(level: LogLevel): Logger {
  return pino({ level, base: { program: 'fedtempo' } }, pino.destination({ dest: 2, sync: true }));
}
