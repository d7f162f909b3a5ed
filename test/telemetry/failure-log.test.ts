import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import { PART_NAMES, type PartName } from '../../src/domain/events.ts';
import { startLog } from './log-lines.ts';
import { sampleEvent } from './sample-events.ts';

const AWAY = 'MongoDB does not answer.';
const failed = (part: PartName = 'worker', message = AWAY) =>
  sampleEvent('part.failed', { part, error: new AppError('store_unavailable', message) });

describe('the log of failures', () => {
  it('tells each part’s failure, and what follows from it', () => {
    const { tell, lines } = startLog();
    tell(...PART_NAMES.map((part) => failed(part)));
    expect(lines()).toMatchObject(
      PART_NAMES.map((part) => ({ event: 'part.failed', level: 'error', part, error: AWAY })),
    );
    expect(new Set(lines().map(({ msg }) => msg)).size).toBe(PART_NAMES.length);
  });

  it('tells the first of equal failures at once, and the others with the first after ten seconds', () => {
    const { clock, tell, lines } = startLog();
    tell(failed(), failed());
    clock.advance(9_999);
    tell(failed());
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).not.toHaveProperty('repeated');
    clock.advance(1);
    tell(failed());
    expect(lines()).toHaveLength(2);
    expect(lines()[1]).toMatchObject({ error: AWAY, repeated: 2, repeated_until: '2026-01-01T00:00:09.999Z' });
  });

  it('says of old repetitions when they were', () => {
    const { clock, tell, lines } = startLog();
    tell(failed(), failed());
    clock.advance(86_400_000);
    tell(failed());
    expect(lines()[1]).toMatchObject({ repeated: 1, repeated_until: '2026-01-01T00:00:00.000Z' });
  });

  it('begins to count anew with each line', () => {
    const { clock, tell, lines } = startLog();
    for (let turn = 0; turn < 3; turn += 1) {
      tell(failed());
      clock.advance(10_000);
    }
    expect(lines()).toHaveLength(3);
    for (const line of lines()) expect(line).not.toHaveProperty('repeated');
  });

  it.each([
    ['another part', failed('rescuer')],
    ['other words', failed('worker', 'The disk is full.')],
    [
      'another cause',
      sampleEvent('part.failed', { error: new AppError('store_unavailable', AWAY, {}, new TypeError()) }),
    ],
  ])('does not hide a failure of %s behind an equal one', (_, other) => {
    const { tell, lines } = startLog();
    tell(failed(), other, other);
    expect(lines()).toHaveLength(2);
  });

  it('writes ten lines in a hundred seconds of a hundred failures each', () => {
    const { clock, tell, lines } = startLog();
    for (let second = 0; second < 100; second += 1) {
      for (let nth = 0; nth < 100; nth += 1) tell(failed());
      clock.advance(1000);
    }
    expect(lines()).toHaveLength(10);
    expect(lines().reduce((all, { repeated = 0 }) => all + 1 + Number(repeated), 0)).toBe(9_001);
  });

  it('knows a hundred kinds at a time, and tells what it left out of one that it forgets', () => {
    const { tell, lines } = startLog();
    tell(failed(), failed(), failed());
    for (let kind = 0; kind < 100; kind += 1) tell(failed('worker', `kind ${kind}`));
    expect(lines()).toHaveLength(102);
    expect(lines().filter(({ error }) => error === AWAY)).toMatchObject([{}, { repeated: 2 }]);
    tell(failed());
    expect(lines()).toHaveLength(103);
  });

  it('tells an error whole where its part knows what to hide, and takes it for the same whatever its message', () => {
    const { tell, lines } = startLog();
    const hidden = { secrets: ['S3CRETS3CRET'], traces: [] };
    for (const message of ['no x in S3CRETS3CRET', 'no y']) {
      tell(
        sampleEvent('part.failed', { part: 'push', error: Object.assign(new Error(message), { stack: '' }), hidden }),
      );
    }
    expect(lines()).toMatchObject([{ part: 'push', error: 'Error', detail: 'Error: no x in …' }]);
  });
});
