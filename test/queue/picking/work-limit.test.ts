import { expect, test } from 'vitest';
import { PRIORITIES, PRIORITY_WEIGHTS, type Priority } from '../../../src/domain/notification/priority.ts';
import { weightedRoundRobin } from '../../../src/queue/picking/weighted-round-robin.ts';
import { WorkLimit } from '../../../src/queue/picking/work-limit.ts';

const LIMITS = { concurrency: 20, mostAtWork: 10, mostAtWorkWhenMixed: 4, mostOvertaking: 2 };

function filledWith(priority: Priority, count: number, limits = LIMITS): WorkLimit {
  const limit = new WorkLimit(limits, () => 0);
  for (let index = 0; index < count; index += 1) limit.begin(priority);
  return limit;
}

const admitted = (limit: WorkLimit) => PRIORITIES.filter((priority) => limit.admits(priority));

test('few that are more urgent begin beside as many as may be at work', () => {
  const limit = filledWith('low', 10);
  expect(admitted(limit)).toEqual(['high', 'normal']);
  limit.begin('normal');
  expect(admitted(limit)).toEqual(['high', 'normal']);
  limit.begin('high');
  expect(admitted(limit)).toEqual(['high']);
  const urgent = limit.begin('high');
  expect(admitted(limit)).toEqual([]);
  urgent.onPosted();
  urgent.onPosted();
  expect(admitted(limit)).toEqual(['high']);
});

test('none overtake beyond the concurrency, posted or not', () => {
  const limit = new WorkLimit(LIMITS, () => 0);
  const jobs = Array.from({ length: 20 }, () => limit.begin('low'));
  for (const job of jobs) job.onPosted();
  expect(admitted(limit)).toEqual([]);
  jobs[0]?.onEnded();
  expect(admitted(limit)).toEqual([...PRIORITIES]);
});

test('what is planned counts as at work in the plan alone', () => {
  const limit = filledWith('low', 8);
  const room = limit.room();
  room.take('low');
  expect(room.admits('low')).toBe(true);
  room.take('low');
  expect(room.admits('low')).toBe(false);
  expect(room.admits('high')).toBe(true);
  expect(limit.admits('low')).toBe(true);
});

test('with work of every priority none starves: they still begin about as they weigh', () => {
  const limit = new WorkLimit(LIMITS, () => 0);
  const pick = weightedRoundRobin(PRIORITY_WEIGHTS);
  const begun = { high: 0, normal: 0, low: 0 };
  const atWork: (() => void)[] = [];
  for (let step = 0; step < 4000; step += 1) {
    const picked = pick((candidate) => limit.admits(candidate));
    if (picked === null) atWork.shift()?.();
    else {
      begun[picked] += 1;
      atWork.push(limit.begin(picked).onEnded);
    }
  }
  const all = begun.high + begun.normal + begun.low;
  expect(begun.low / all).toBeGreaterThan(0.07);
  expect(begun.normal / all).toBeGreaterThan(0.2);
});
