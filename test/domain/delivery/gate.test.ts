import { describe, expect, it } from 'vitest';
import { askGates, type Gate, type GateAnswer, GO } from '../../../src/domain/delivery/gate.ts';

const WAIT: GateAnswer = { kind: 'wait', untilMs: 9 };
const DROP: GateAnswer = { kind: 'drop', reason: 'rejected' };

describe('gates', () => {
  it.each<[GateAnswer[], GateAnswer, number]>([
    [[], GO, 0],
    [[GO, GO], GO, 2],
    [[GO, WAIT, DROP], WAIT, 2],
    [[DROP, WAIT], DROP, 1],
  ])('that say %j let %j decide, with %i of them asked', (answers, decision, askedCount) => {
    const asked: unknown[] = [];
    const gates = answers.map(
      (answer): Gate<string> =>
        (facts, nowMs) => {
          asked.push([facts, nowMs]);
          return answer;
        },
    );
    expect(askGates(gates, 'facts', 5)).toEqual(decision);
    expect(asked).toEqual(Array.from({ length: askedCount }, () => ['facts', 5]));
  });
});
