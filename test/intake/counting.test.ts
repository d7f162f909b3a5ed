import { expect, it } from 'vitest';
import { suppressionCountsOf } from '../../src/domain/audience/suppression.ts';
import { countsOf, type DeliveryCounts } from '../../src/domain/delivery/delivery-counts.ts';
import { type CountingOptions, createCounting } from '../../src/intake/counting.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const NONE = suppressionCountsOf([]);
const delivered = (count: number) => countsOf([['delivered', count]]);

/** A notification of so many deliveries that counting ends when the test says so. */
function large() {
  const clock = createFakeClock();
  const ends: ((counts: DeliveryCounts) => void)[] = [];
  const deliveries = {
    countSome: async () => ({ counts: delivered(10_000), isAtLeast: true }),
    countByState: () => new Promise<DeliveryCounts>((resolve) => ends.push(resolve)),
  };
  const suppressions = { countSome: async () => ({ counts: NONE, isAtLeast: false }), countByReason: async () => NONE };
  const store = { deliveries, suppressions } as unknown as CountingOptions['store'];
  const countsOf = createCounting({ clock, store });
  const ask = (id: string, completedAtMs: number | null = null) => countsOf(id, completedAtMs);
  /** Whoever asks goes on waiting until their patience has ended. */
  const waiting = () => until('they wait', () => clock.waiting() > 0);
  const impatient = async (id = 'ntf_1', completedAtMs: number | null = null) => {
    const asked = ask(id, completedAtMs);
    await waiting();
    clock.advance(50);
    return asked;
  };
  const end = async (counts: DeliveryCounts) => {
    await until('it is counted', () => ends.length > 0);
    ends.shift()?.(counts);
    await new Promise(setImmediate);
  };
  return { clock, ends, ask, waiting, impatient, end };
}

it('says “at least” until all are counted for the first time, then gives the count with its time', async () => {
  const { clock, ends, ask, impatient, end } = large();
  expect(await impatient()).toMatchObject({ deliveries: delivered(10_000), isAtLeast: true });
  expect(await impatient()).toMatchObject({ isAtLeast: true });
  expect(ends).toHaveLength(1);
  const countedAtMs = clock.now();
  await end(delivered(1_000_000));
  clock.advance(999);
  expect(await ask('ntf_1')).toMatchObject({ deliveries: delivered(1_000_000), isAtLeast: false, countedAtMs });
});

it('gives the last count while it counts again, which it does for a twentieth of the time', async () => {
  const { clock, ends, ask, waiting, impatient, end } = large();
  await impatient();
  clock.advance(150);
  await end(delivered(5));
  clock.advance(3999);
  expect(await ask('ntf_1')).toMatchObject({ deliveries: delivered(5) });
  expect(ends).toHaveLength(0);
  clock.advance(1);
  expect(await impatient()).toMatchObject({ deliveries: delivered(5), isAtLeast: false });
  const asked = ask('ntf_1');
  await waiting();
  await end(delivered(6));
  expect(await asked).toMatchObject({ deliveries: delivered(6), countedAtMs: clock.now() });
});

it('counts one notification at a time', async () => {
  const { ends, impatient, end } = large();
  await impatient('ntf_1');
  await impatient('ntf_2');
  expect(ends).toHaveLength(1);
  await end(delivered(1));
  await until('the other is counted', () => ends.length === 1);
});

it('counts anew what was counted before all had ended, and says “at least” until it is', async () => {
  const { clock, ends, ask, impatient, end } = large();
  await impatient();
  await end(delivered(7));
  clock.advance(10);
  const completedAtMs = clock.now();
  expect(await ask('ntf_1')).toMatchObject({ deliveries: delivered(7), isAtLeast: false });
  clock.advance(10);
  expect(await impatient('ntf_1', completedAtMs)).toMatchObject({ deliveries: delivered(10_000), isAtLeast: true });
  await end(delivered(8));
  expect(ends).toHaveLength(0);
  expect(await ask('ntf_1', completedAtMs)).toMatchObject({ deliveries: delivered(8), isAtLeast: false });
});

it('counts once more where all had ended while it was counting', async () => {
  const { clock, ask, impatient, waiting, end } = large();
  await impatient();
  clock.advance(10);
  const completedAtMs = clock.now();
  const asked = ask('ntf_1', completedAtMs);
  await waiting();
  clock.advance(10);
  await end(delivered(7));
  await end(delivered(8));
  expect(await asked).toMatchObject({ deliveries: delivered(8), isAtLeast: false, countedAtMs: clock.now() });
});
