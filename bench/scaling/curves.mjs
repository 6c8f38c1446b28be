/** The curves: what varies, over which values, and what stays. Each point draws 60 MNIST examples of two labels a client, B = 10. */
const base = { population: 1_000_000, cohort: 100, workers: 2, hidden: [200, 200] };

export const curves = [
  {
    name: 'population',
    title: 'Population 10² to 10⁶: cohort 100, 2NN, 2 threads',
    points: [100, 1000, 10_000, 100_000, 1_000_000].map((population) => ({ ...base, population })),
    value: ({ population }) => population.toLocaleString('en-US'),
  },
  {
    name: 'cohort',
    title: 'Cohort 10 to 10⁴: population 10⁶, 2NN, 2 threads',
    points: [10, 100, 1000, 10_000].map((cohort) => ({ ...base, cohort })),
    value: ({ cohort }) => cohort.toLocaleString('en-US'),
  },
  {
    name: 'threads',
    title: 'Threads 1 and 2: population 10⁶, cohort 100',
    points: [[200, 200], []].flatMap((hidden) => [1, 2].map((workers) => ({ ...base, hidden, workers }))),
    value: ({ workers, hidden }) => `${workers}, ${hidden.length === 0 ? 'logistic' : '2NN'}`,
  },
  {
    name: 'parameters',
    title: 'Model 8 k to 2 M parameters: population 10⁶, cohort 20, 2 threads',
    points: [[], [30], [100], [200, 200], [512, 256], [1024, 1024]].map((hidden) => ({ ...base, hidden, cohort: 20 })),
    value: ({ hidden }) => ['784', ...hidden, '10'].join('-'),
  },
];
