/** Entry point of a trial's process: `fedtempo run`, which ends when the study that started it is gone. */
process.on('disconnect', () => process.exit(1));
// The listener would keep the process waiting for a parent that has nothing to say.
process.channel?.unref();
await import('../main.js');
