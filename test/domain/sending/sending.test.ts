import { describe, expect, it } from 'vitest';
import {
  dropGate,
  paused,
  readSending,
  resumed,
  SENDING_ON,
  sendingFact,
} from '../../../src/domain/sending/sending.ts';

describe('sending', () => {
  it('is on where nothing is kept, and what is kept is read as it was', () => {
    expect(readSending(null)).toEqual(SENDING_ON);
    const pause = paused(SENDING_ON, 'asked', 100);
    for (const each of [SENDING_ON, pause, resumed(pause, 'drop', 200)])
      expect(readSending(sendingFact(each))).toEqual(each);
  });

  it.each(['', 'on', 'null', '{}', '[]', '{"state":"stopped"}', '{"state":"paused"}'])(
    'is paused where what is kept is %j: to wait does less harm',
    (fact) => {
      expect(readSending(fact)).toEqual({ state: 'paused', cause: 'restored', sinceMs: 0, drop: null });
    },
  );

  it('keeps the beginning of a pause, and the end of it', () => {
    const pause = paused(SENDING_ON, 'restored', 100);
    expect(paused(pause, 'asked', 200)).toBe(pause);
    const on = resumed(pause, 'send', 300);
    expect(on).toEqual(SENDING_ON);
    expect(resumed(on, 'drop', 400)).toBe(on);
    const dropped = resumed(pause, 'drop', 300);
    expect(resumed(paused(dropped, 'asked', 500), 'send', 600)).toEqual(dropped);
  });
});

describe('what a person decided to drop', () => {
  const drop = { acceptedBeforeMs: 100, decidedAtMs: 300 };
  const delivery = (acceptedAtMs: number, ...replayedAtMs: number[]) => ({
    notification: { acceptedAtMs, lastWaveAtMs: null },
    before: { replays: replayedAtMs.map((atMs) => ({ atMs })) },
  });

  it.each([
    [null, delivery(99), 'go'],
    [drop, delivery(99), 'drop'],
    [drop, delivery(100), 'go'],
    [drop, delivery(99, 50), 'drop'],
    [drop, delivery(99, 50, 300), 'go'],
  ])('%j of %j: %s', (decided, facts, kind) => {
    expect(dropGate(decided, facts).kind).toBe(kind);
  });
});
