import fc from 'fast-check';
import { braillePlot } from 'fedtempo/shared/plot/braille.js';
import { label, picture, type Series, valueAt } from 'fedtempo/shared/plot/series.js';
import { smallMultiples } from 'fedtempo/shared/plot/svg.js';
import { roundAxis, valueAxis } from 'fedtempo/shared/plot/ticks.js';
import { planRun } from 'fedtempo/shared/schedule/run-plan.js';
import { describe, expect, test } from 'vitest';

const steps: Series = { title: 'batch size', symbol: 'B', x: [0, 1, 2], y: [1, 1, 4], held: true, end: 3 };

describe('axes', () => {
  test.each([
    [[0.1, 0.0017], 4, [0, 0.025, 0.05, 0.075, 0.1]],
    [[5, 40], 4, [0, 10, 20, 30, 40]],
    [[1, 3], 4, [0, 1, 2, 3]],
    [[0.95, 0.99], 4, [0.95, 0.96, 0.97, 0.98, 0.99]],
    [[0.1, 0.1], 4, [0, 0.025, 0.05, 0.075, 0.1]],
    [[0, 0], 4, [0, 1]],
  ])('%j', (values, count, ticks) => {
    expect(valueAxis(values, count).ticks.slice(0, ticks.length)).toEqual(ticks);
  });

  test('hold every value between few ticks', () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const { min, max, ticks } = valueAxis(values, 4);
        const slack = 1e-9 * max;
        expect(min).toBeLessThanOrEqual(Math.min(...values) + slack);
        expect(max).toBeGreaterThanOrEqual(Math.max(...values) - slack);
        expect(ticks.length).toBeLessThan(12);
        expect(ticks.length).toBeGreaterThan(1);
      }),
    );
  });

  test('of rounds have whole ticks', () => {
    expect(roundAxis(60, 5).ticks).toEqual([0, 20, 40, 60]);
    expect(roundAxis(3, 5).ticks).toEqual([0, 1, 2, 3]);
    expect(roundAxis(1, 5).ticks).toEqual([0, 1]);
  });
});

test.each([
  [0.1, '0.1'],
  [1 / 3, '0.3333'],
  [0.00001, '1e-5'],
  [2_500_000, '2.5e6'],
  [0, '0'],
])('%d is written %s', (value, text) => {
  expect(label(value)).toBe(text);
});

test('a held value holds, another is joined by lines', () => {
  expect([0, 0.9, 1.99, 2, 5].map((x) => valueAt(steps, x))).toEqual([1, 1, 1, 4, 4]);
  expect([0, 1.5, 2, 5].map((x) => valueAt({ ...steps, held: false }, x))).toEqual([1, 2.5, 4, 4]);
});

describe('the picture of a plan', () => {
  const plan = planRun(
    {
      learningRate: { kind: 'linear', start: 1, end: 0, unit: 'step' },
      batchSize: { kind: 'step', start: 10, factor: 2, every: 2 },
      localEpochs: 1,
      cohortSize: 3,
    },
    { rounds: 4, clients: 10, examples: 400 },
  );

  test('has what changes as curves and the rest as text; steps run on inside a round', () => {
    const { changing, constant } = picture(plan);
    expect(changing.map(({ title, held }) => [title, held])).toEqual([
      ['learning rate', false],
      ['batch size', true],
    ]);
    expect(constant).toEqual(['local epochs 1', 'cohort 3']);
    expect(changing[0].x.slice(0, 5)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(changing[0].y.slice(0, 3)).toEqual([1, 1 - 1 / 12, 1 - 2 / 12]);
  });

  test('is an SVG of its own: held values as steps, no script, the same bytes each time', () => {
    const svg = smallMultiples(picture(plan), { title: 'a <b> & "c"' });
    expect(svg).toContain('<title>a &lt;b&gt; &amp; &quot;c&quot;</title>');
    expect(svg).toContain('Constant: local epochs 1, cohort 3');
    // Two panels; the batch steps once: across, up, across.
    expect(svg.match(/class="curve"/g)).toHaveLength(2);
    expect(svg).toMatch(/class="curve" d="M[\d.]+ [\d.]+H[\d.]+V[\d.]+H[\d.]+"/);
    expect(svg).not.toMatch(/script|href|NaN|undefined/);
    expect(smallMultiples(picture(plan), { title: 'a <b> & "c"' })).toBe(svg);
  });
});

test('a terminal shows the curve in braille, its axis and its rounds', () => {
  expect(braillePlot({ ...steps, y: [0, 0, 4] }, 3, 12, 5).split('\n')).toEqual([
    '   batch size',
    '4 ┤⠀⠀⠀⠀⠀⠀⠀⠀⡏⠉⠉⠉',
    '  │⠀⠀⠀⠀⠀⠀⠀⠀⡇⠀⠀⠀',
    '2 ┤⠀⠀⠀⠀⠀⠀⠀⠀⡇⠀⠀⠀',
    '  │⠀⠀⠀⠀⠀⠀⠀⠀⡇⠀⠀⠀',
    '0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⠇⠀⠀⠀',
    '  └┬───────┬───',
    '   0       2',
  ]);
});
