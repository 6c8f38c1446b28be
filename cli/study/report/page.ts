/** The page of a study: one file that asks nothing of any network, runs no script and prints as it looks. */

import { conclusionOf } from '../../../shared/study/conclusion.js';
import { progressUnits } from '../../../shared/study/curves.js';
import type { StudyResult, TrialRecord } from '../../../shared/study/result.js';
import { figures, unitLabels } from './figures.js';
import { escapeText } from './html.js';
import { type Machine, notes } from './notes.js';
import { style } from './style.js';
import { armsTable, resultTable, trialsTable } from './tables.js';

export function reportPage(result: StudyResult, records: readonly TrialRecord[], machine: Machine): string {
  const radios = progressUnits.map(
    (unit, index) => `<input class="x" type="radio" name="x" id="x-${unit}"${index === 0 ? ' checked' : ''}>`,
  );
  const labels = progressUnits.map((unit) => `<label for="x-${unit}">${unitLabels[unit]}</label>`);
  const question = result.question === null ? '' : `<p class="question">${escapeText(result.question)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(result.name)} · fedtempo study</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeText(title(result.name))}</h1>
${question}
<p class="conclusion">${escapeText(conclusionOf(result))}</p>
<h2>Arms</h2>
${armsTable(result)}
<h2>Schedules and curves</h2>
${radios.join('')}
<div class="switch">Against ${labels.join('')}</div>
<div class="figures">${figures(result, records)}</div>
<p class="caption">Lines are means over seeds; bands are 95 % intervals of the mean, point by point. Bands of two arms
may overlap and the arms differ all the same: differences are taken seed by seed, in the table. Above, the values that the
server scheduled. The axis of the test accuracy leaves out the steep rise of the first tenth of the rounds.</p>
<h2>Result</h2>
${resultTable(result)}
<p class="caption">In the pictures of differences the upright line is 0; each measure has a scale of its own.</p>
<h2>Method</h2>
${notes(result, machine)}
<h2>Trials</h2>
<p class="caption">The first 16 digits of the SHA-256 of each trial's final weights; result.json has them in full.</p>
${trialsTable(result)}
</main>
</body>
</html>
`;
}

/** `decay-vs-grow-batch` → `Decay vs grow batch`. */
function title(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words[0].toUpperCase() + words.slice(1);
}
