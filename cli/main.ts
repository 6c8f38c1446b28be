#!/usr/bin/env node
/** The command line. One command a file; this one only puts them together. */
import { Command, CommanderError } from 'commander';
import { exitCodes, tell } from './exit.js';
import { versions } from './versions.js';

/** In the order of the help. Only the one that is asked for is loaded: loading all takes as long as a small run. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  run: async () => (await import('./commands/run.js')).addRun,
  serve: async () => (await import('./commands/serve.js')).addServe,
  join: async () => (await import('./commands/join.js')).addJoin,
  enroll: async () => (await import('./commands/enroll.js')).addEnroll,
  certs: async () => (await import('./commands/certs.js')).addCerts,
  replay: async () => (await import('./commands/replay.js')).addReplay,
  resume: async () => (await import('./commands/resume.js')).addResume,
  schedule: async () => (await import('./commands/schedule.js')).addSchedule,
  study: async () => (await import('./commands/study.js')).addStudy,
  validate: async () => (await import('./commands/validate.js')).addValidate,
};

const program = new Command('fedtempo')
  .description('Federated learning whose heart is the schedule: simulate clients, run real ones, study schedules.')
  .version(versions().version)
  .showHelpAfterError('(add --help for usage and examples)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    `
First steps:
  fedtempo run scenarios/digits-quick.yaml        train on a small real set, in seconds
  fedtempo schedule scenarios/mnist-lr-decay.yaml what each round would use
  fedtempo help run                               all options of a command`,
  );
const names = Object.keys(commands);
const [asked] = process.argv.slice(2);
for (const name of names.includes(asked) ? [asked] : names) (await commands[name]())(program);
for (const command of program.commands) command.exitOverride();

// A reader that goes away (as `head` does) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told its own errors already; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
  else process.exitCode = tell(error);
}
