import { expect, it } from 'vitest';
import { WaitingLine } from '../../../src/domain/push-service/waiting-line.ts';

const place = (line: WaitingLine, userId: string, nowMs = 0): number =>
  line.place({ userId, nowMs, fromMs: nowMs, stepMs: 10 });

it('gives places one after the other', () => {
  const line = new WaitingLine();
  expect(Array.from({ length: 4 }, () => place(line, 'ada'))).toEqual([10, 20, 30, 40]);
});

it('has one delivery of each user stand before all others', () => {
  const line = new WaitingLine();
  for (let count = 0; count < 10_000; count += 1) place(line, 'mallory');
  expect(['ada', 'grace', 'ada'].map((userId) => place(line, userId))).toEqual([20, 30, 60_000]);
  // Whose first one has come by is first again.
  expect(place(line, 'ada', 20)).toBe(40);
});

it('gives no place further off than a minute, and knows a thousand users', () => {
  const line = new WaitingLine();
  const places = Array.from({ length: 3000 }, (_, index) => place(line, `user ${index}`));
  expect(Math.max(...places)).toBe(30_000);
  for (let count = 0; count < 9000; count += 1) place(line, `user ${count}`);
  expect(place(line, 'ada')).toBe(60_000);
  // The first thousand have come by.
  expect(place(line, 'ada', 10_001)).toBe(10_011);
});
