/** The tables of a scaling run, as Markdown. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** MNIST as it lies in memory: 70,000 × 784 bytes and as many labels. */
const DATASET_MB = (70_000 * 785) / 2 ** 20;

const short = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

/** Medians over all rounds of all repeats of one point. */
export function condense(point, results) {
  const roundMs = median(results.flatMap((result) => result.roundMs));
  const trainMs = median(results.map((result) => result.trainMs));
  return {
    parameters: results[0].parameters,
    roundMs,
    cpuMs: median(results.map(({ cpuMs }) => cpuMs)),
    clientsPerSecond: (1000 * point.cohort) / roundMs,
    trainUs: 1000 * trainMs,
    overheadUs: 1000 * ((roundMs * point.workers) / point.cohort - trainMs),
    rssMB: Math.max(...results.map((result) => result.rssMB)) - DATASET_MB,
    rounds: results.reduce((sum, { rounds }) => sum + rounds, 0),
  };
}

function table({ title, points, value }, rows) {
  const head = `| | parameters | rounds | ms a round | CPU ms a round | rounds/s | clients/s | µs training a client | µs beside it | MB over the dataset |`;
  const lines = points.map((point, index) => {
    const { parameters, rounds, roundMs, cpuMs, clientsPerSecond, trainUs, overheadUs, rssMB } = rows[index];
    const cells = [
      value(point),
      parameters.toLocaleString('en-US'),
      rounds,
      short(roundMs),
      short(cpuMs),
      short(1000 / roundMs),
      short(clientsPerSecond),
      short(trainUs),
      short(overheadUs),
      short(rssMB),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [`## ${title}`, '', head, `|---|${'---:|'.repeat(9)}`, ...lines, ''];
}

/** @param rows condensed points by curve name */
function targets(rows) {
  const line = (what, asked, measured, met) => `| ${what} | ${asked} | ${measured} | ${met ? 'met' : 'missed'} |`;
  const lines = [];
  if (rows.population !== undefined) {
    const [, thousand, , , million] = rows.population;
    const ratio = million.roundMs / thousand.roundMs;
    lines.push(line('round at population 10⁶, of 10³', '≤ 1.05', ratio.toFixed(3), ratio <= 1.05));
    const cpu = million.cpuMs / thousand.cpuMs;
    lines.push(line('the same in CPU time', '≤ 1.05', cpu.toFixed(3), cpu <= 1.05));
    lines.push(line('memory over the dataset at 10⁶', '< 600 MB', `${short(million.rssMB)} MB`, million.rssMB < 600));
  }
  if (rows.cohort !== undefined) {
    const more = rows.cohort[3].rssMB - rows.cohort[0].rssMB;
    lines.push(line('memory at cohort 10⁴ over that at 10', '≤ 64 MB', `${short(more)} MB`, more <= 64));
  }
  if (rows.threads !== undefined) {
    const [one, two, , logistic] = rows.threads;
    const [gain, beside] = [one.roundMs / two.roundMs, logistic.overheadUs];
    lines.push(line('two threads, of one, 2NN', '≥ 1.80', gain.toFixed(2), gain >= 1.8));
    lines.push(line('beside a client’s training, logistic', '≤ 100 µs', `${short(beside)} µs`, beside <= 100));
  }
  return lines.length === 0 ? [] : ['| target | asked | measured | |', '|---|---:|---:|---|', ...lines, ''];
}

export function report(curves, rows, machine) {
  const { cpu, cores, node, load, seconds, repeats } = machine;
  return [
    `# Scaling, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${cpu}, ${cores} cores, Node ${node}. Worker pool; every point a process of its own that runs rounds for ${seconds} s after its ` +
      `first one (or that one alone, where it takes longer), ${repeats} times, interleaved; medians over rounds. Load average ` +
      `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}. Memory is the largest resident size of the whole process less MNIST's ${DATASET_MB.toFixed(0)} MB. ` +
      'CPU time is that of all threads, and tells more where others compute meanwhile. “Beside it”: thread time a client less its training, which is shards drawn, sums, records, waiting for the last.',
    '',
    ...curves.flatMap((curve) => table(curve, rows[curve.name])),
    ...targets(rows),
  ].join('\n');
}
