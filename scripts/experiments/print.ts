import { frequencies, type World } from './simulation.ts';

/** Prints how often an experiment errs, and how often it finds what is there, where the truth is known. */
const SEEDS = 400;
const LOOKS = { users: 10_000, lookEvery: 200 };
const WORLDS: Readonly<Record<string, World>> = {
  'A/A, 5 %': { ...LOOKS, rates: [0.05, 0.05] },
  'A/A, 40 %': { ...LOOKS, rates: [0.4, 0.4] },
  'A/A/A/A, 10 %': { ...LOOKS, rates: [0.1, 0.1, 0.1, 0.1] },
  '5 % against 6 %': { ...LOOKS, rates: [0.05, 0.06] },
  '5 % against 7 %': { ...LOOKS, rates: [0.05, 0.07] },
  '40 % against 44 %': { ...LOOKS, rates: [0.4, 0.44] },
  '10 % against 10, 10 and 13 %': { ...LOOKS, rates: [0.1, 0.1, 0.1, 0.13] },
  'A/A, 53 to 47 in place of 50 to 50': { ...LOOKS, rates: [0.05, 0.05], shares: [0.53, 0.47] },
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(9);
const heads = ['a winner', 'the best', 'suspicious', 'outside', 'users'].map((head) => head.padStart(10));
console.log(`${SEEDS} experiments each, looked at ${LOOKS.users / LOOKS.lookEvery} times\n`);
console.log(`${''.padEnd(38)}${heads.join(' ')}`);
for (const [name, world] of Object.entries(WORLDS)) {
  const { named, namedBest, suspicious, missed, medianUsers } = frequencies(world, SEEDS);
  const row = [named, namedBest, suspicious, missed].map(percent);
  console.log(`${name.padEnd(38)}${[...row, String(medianUsers).padStart(9)].join('  ')}`);
}
