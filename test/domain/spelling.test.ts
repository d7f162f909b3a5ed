import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestName, spellingDistance } from '../../src/domain/spelling.ts';

describe('spellingDistance', () => {
  it.each([
    ['doctor', 'doctor', 0],
    ['docter', 'doctor', 1],
    ['dcotor', 'doctor', 1],
    ['docor', 'doctor', 1],
    ['doctoor', 'doctor', 1],
    ['', 'doctor', 6],
  ])('from %j to %j is %i', (one, other, distance) => {
    expect(spellingDistance(one, other)).toBe(distance);
    expect(spellingDistance(other, one)).toBe(distance);
  });
});

describe('nearestName', () => {
  const names = ['start', 'doctor', 'rotate-vapid-key', '--json'];

  it.each([
    ['strat', 'start'],
    ['START', 'start'],
    ['docter', 'doctor'],
    ['rotate', 'rotate-vapid-key'],
    ['rotate-vapid-keys', 'rotate-vapid-key'],
    ['--jsn', '--json'],
    ['stop', null],
    ['x', null],
    ['', null],
    ['-', null],
  ])('of %j is %j', (word, name) => {
    expect(nearestName(word, names)).toBe(name);
  });

  it('is one of the names or none, whatever the word', () => {
    fc.assert(fc.property(fc.string(), (word) => [...names, null].includes(nearestName(word, names))));
  });
});
