/** The tables of a run, as Markdown: one a workload, and who was absent. */

const ACCURACY_TOLERANCE = 0.03;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function report({ workloads, results, absent, machine, repeats, command }) {
  const date = new Date().toISOString().slice(0, 10);
  const range =
    machine.load.length === 0 ? '–' : `${digits(Math.min(...machine.load))} to ${digits(Math.max(...machine.load))}`;
  const lines = [
    `# The same workloads in other systems, ${date}`,
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${process.versions.node}. Medians of ${repeats} interleaved ` +
      `${repeats === 1 ? 'run' : 'runs'}, each from process start to exit, loading libraries and data included; load average before a ` +
      `run ${range}. Command: \`node bench/peers/run.mjs${command === '' ? '' : ` ${command}`}\`.`,
  ];
  for (const [name, contestants] of results) lines.push(...table(name, workloads[name], contestants));
  lines.push('', '## Versions', '', ...versions(results));
  if (absent.length > 0) {
    lines.push('', '## What did not run', '');
    for (const { title, workload, reason } of absent) lines.push(`- ${title}, ${workload}: ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}

function table(name, workload, contestants) {
  const rows = [...contestants]
    .filter(([, runs]) => runs.length > 0)
    .map(([contestant, runs]) => row(contestant, runs));
  const { rounds, cohort, epochs, batchSize, learningRate, momentum } = workload;
  const rule = momentum === 0 ? `SGD ${learningRate}` : `SGD ${learningRate}, momentum ${momentum}`;
  const ours = rows.filter(({ side }) => side === 'fedtempo').sort((a, b) => a.seconds - b.seconds)[0];
  const heads = [
    'system',
    's',
    's, all runs',
    ours ? `× ${ours.title}` : '',
    'ms a task',
    'of it training',
    'test accuracy',
    'test loss',
  ];
  const used = heads.map((head) => head !== '');
  const line = (cells) => `| ${cells.filter((_, index) => used[index]).join(' | ')} |`;
  const lines = ['', `## ${name}: ${workload.title}`, ''];
  lines.push(`${rounds} rounds × ${cohort} tasks, ${epochs} local epochs, B = ${batchSize}, ${rule}.`, '');
  lines.push(line(heads), line(heads.map((_, index) => (index === 0 ? '---' : '---:'))));
  for (const found of rows.sort((a, b) => a.seconds - b.seconds)) {
    const doubt = ours && Math.abs(found.accuracy - ours.accuracy) > ACCURACY_TOLERANCE ? ' (!)' : '';
    lines.push(
      line([
        found.title,
        digits(found.seconds),
        found.all.map(digits).join(', '),
        ours ? digits(found.seconds / ours.seconds) : '',
        digits((1000 * found.seconds) / found.tasks),
        found.trainSeconds === undefined ? '–' : digits((1000 * found.trainSeconds) / found.tasks),
        `${(100 * found.accuracy).toFixed(2)} %${doubt}`,
        found.loss.toFixed(4),
      ]),
    );
  }
  const doubted = ours && rows.some(({ accuracy }) => Math.abs(accuracy - ours.accuracy) > ACCURACY_TOLERANCE);
  if (doubted) lines.push('', `(!) more than ${100 * ACCURACY_TOLERANCE} points from fedtempo's: not the same work.`);
  const fastest = rows.filter(({ side }) => side === 'peers')[0];
  if (ours && fastest) {
    for (const own of rows.filter(({ side }) => side === 'fedtempo')) {
      lines.push(
        '',
        `${own.title}: ${digits(fastest.seconds / own.seconds)} × the speed of ${fastest.title}, the fastest peer.`,
      );
    }
  }
  return lines;
}

function row({ title, side }, runs) {
  const of = (key) => runs.map((run) => run[key]);
  const training = of('trainSeconds').filter((value) => value !== undefined);
  return {
    title,
    side,
    seconds: median(of('seconds')),
    all: of('seconds'),
    trainSeconds: training.length === 0 ? undefined : median(training),
    tasks: runs[0].tasks,
    accuracy: median(of('accuracy')),
    loss: median(of('loss')),
  };
}

function versions(results) {
  const found = new Map();
  for (const contestants of results.values()) {
    for (const [{ title }, [run]] of contestants) if (run) found.set(title, run.versions);
  }
  return [...found].map(([title, text]) => `- ${title}: ${text}`);
}

/** Three significant digits, without an exponent. */
function digits(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}
