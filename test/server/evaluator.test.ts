import { InlineEvaluator } from 'fedtempo/server/evaluation/evaluator.js';
import { ThreadedEvaluator } from 'fedtempo/server/evaluation/threads.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, test } from 'vitest';
import { digits } from '../support/digits.js';

test('however many threads divide the test set, loss and accuracy have the same bits', async () => {
  const { data, weights } = await digits();
  const { model, source } = data;
  const inline = new InlineEvaluator(
    chooseKernels('reference').createCore(model),
    source.test.select(),
    new Spans(() => 0, false),
  );
  const expected = await inline.evaluate(weights);
  expect(expected.loss).toBeGreaterThan(2);
  for (const threads of [1, 2, 3, 7, 400]) {
    const threaded = new ThreadedEvaluator(model, 'auto', source.test.select(), Math.min(threads, 12));
    expect(await threaded.evaluate(weights)).toEqual(expected);
    await threaded.close();
  }
});
