/** The table of a benchmark run, as Markdown. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? undefined : sorted[sorted.length >> 1];
}

const digits = (value) => (value === undefined ? '–' : value.toPrecision(value < 100 ? 2 : 3).replace(/e\+?\d+$/, ''));
const whole = (value) =>
  value === undefined ? '–' : value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');

/** Each target: its case, the peer, and the largest share of the peer's time. */
const targets = [
  ['2nn mnist 10 step', 'numpy', 0.5],
  ['2nn mnist 10 step', 'PyTorch eager', 0.2],
  ['2nn mnist 10 step', 'TensorFlow.js', 1 / 50],
  ['2nn dense 10 step', 'numpy', 0.9],
  ['2nn dense 10 step', 'PyTorch eager', 0.35],
  ['2nn mnist 64 step', 'PyTorch eager', 0.7],
  ['2nn mnist 600 step', 'PyTorch eager', 1.3],
  ['2nn dense 600 step', 'PyTorch eager', 1.3],
  ['logistic mnist 10 step', 'PyTorch eager', 0.05],
];

const nameOf = ({ task, network, input, batch }) => `${network} ${input} ${batch} ${task}`;

export function report({ cases, times, rates, threads, machine, rounds, milliseconds }) {
  const peers = [...times[0].keys()];
  const rows = new Map(cases.map((given, index) => [nameOf(given), times[index]]));
  const lines = [
    `# Training core, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${machine.cpu}, ${machine.cores} cores (a shared virtual machine), Node ${machine.node}. One thread each; medians of ` +
      `${rounds} interleaved rounds of ${milliseconds} ms; load average while running ` +
      `${Math.min(...machine.load).toFixed(1)} to ${Math.max(...machine.load).toFixed(1)}. ${machine.discarded.count} measurements ` +
      `were repeated because others computed meanwhile; ${machine.discarded.noisy} of ${machine.discarded.kept + machine.discarded.noisy} kept all the same. Microseconds.`,
    '',
    `| work | ${peers.join(' | ')} |`,
    `|---|${peers.map(() => '---:').join('|')}|`,
  ];
  for (const given of cases) {
    const row = rows.get(nameOf(given));
    const what = `${given.network}, ${given.input}, B=${given.batch}, ${given.task === 'step' ? 'one step' : 'epoch of 600'}`;
    lines.push(`| ${what} | ${peers.map((peer) => whole(median(row.get(peer)))).join(' | ')} |`);
  }
  lines.push('', '| target | asked | measured | |', '|---|---:|---:|---|');
  for (const [name, peer, asked] of targets) {
    const [ours, theirs] = [median(rows.get(name).get('fedtempo')), median(rows.get(name).get(peer) ?? [])];
    if (theirs === undefined) continue;
    const ratio = ours / theirs;
    lines.push(
      `| ${name}, of ${peer} | ≤ ${asked.toFixed(3)} | ${ratio.toFixed(3)} | ${ratio <= asked ? 'met' : 'missed'} |`,
    );
  }
  const [own, sgemm, product] = [median(rates.fedtempo), median(rates.sgemm), median(rates.product)];
  if (sgemm !== undefined) {
    const share = own / sgemm;
    const found = `${share.toFixed(2)} (${digits(own)} of ${digits(sgemm)} GFLOP/s; numpy on the same product ${digits(product)})`;
    lines.push(`| [10×784]·[784×200], of sgemm 1024³ | ≥ 0.60 | ${found} | ${share >= 0.6 ? 'met' : 'missed'} |`);
  }
  const ratio = median(threads.ratio);
  lines.push(`| two worker threads, of one | ≥ 1.85 | ${ratio.toFixed(2)} | ${ratio >= 1.85 ? 'met' : 'missed'} |`, '');
  return lines.join('\n');
}
