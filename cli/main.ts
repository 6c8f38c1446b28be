#!/usr/bin/env node
/** The command line. One command a file; this one only puts them together. */
import { Command, CommanderError } from 'commander';
import { addReplay } from './commands/replay.js';
import { addResume } from './commands/resume.js';
import { addRun } from './commands/run.js';
import { addSchedule } from './commands/schedule.js';
import { addStudy } from './commands/study.js';
import { addValidate } from './commands/validate.js';
import { exitCodes, tell } from './exit.js';
import { versions } from './versions.js';

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
addRun(program);
addReplay(program);
addResume(program);
addSchedule(program);
addStudy(program);
addValidate(program);
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
