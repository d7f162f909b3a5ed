import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import { ANSWER_KEPT_MS, createProbe, type Probe, READINESS_LIMIT_MS, SLOW_LIMIT_MS } from '../../src/http/probe.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

describe('a readiness probe', () => {
  let clock: FakeClock;
  let checks: { pass: () => void; fail: (error: unknown) => void }[];
  let defects: unknown[];
  let probe: Probe;
  const check = () =>
    new Promise<void>((pass, fail) => {
      checks.push({ pass, fail });
    });
  beforeEach(() => {
    clock = createFakeClock();
    [checks, defects] = [[], []];
    probe = createProbe({ check, part: 'The store', clock, onDefect: (error) => defects.push(error) });
  });
  const full = new AppError('store_unavailable', 'It is full: free some space.');
  const passed = async (): Promise<void> => {
    const asked = probe();
    checks.at(-1)!.pass();
    expect(await asked).toBeNull();
  };

  it('has all who ask within a second share one check', async () => {
    const asked = Promise.all(Array.from({ length: 100 }, probe));
    expect(checks).toHaveLength(1);
    checks[0]!.pass();
    expect(new Set(await asked)).toEqual(new Set([null]));
    clock.advance(ANSWER_KEPT_MS - 1);
    expect(await probe()).toBeNull();
    expect(checks).toHaveLength(1);
    clock.advance(1);
    void probe();
    expect(checks).toHaveLength(2);
  });

  it('tells at once what is refused, and that it works again', async () => {
    await passed();
    clock.advance(ANSWER_KEPT_MS);
    const asked = probe();
    checks[1]!.fail(full);
    expect(await asked).toBe('It is full: free some space.');
    clock.advance(ANSWER_KEPT_MS);
    await passed();
    expect(defects).toEqual([]);
  });

  it('takes a slow moment for none, and a long one for a failure, with one check and no timer left', async () => {
    await passed();
    clock.advance(ANSWER_KEPT_MS);
    const asked = probe();
    clock.advance(READINESS_LIMIT_MS);
    expect(await asked).toBeNull();
    const again = Promise.all([probe(), probe()]);
    clock.advance(0);
    expect(await again).toEqual([null, null]);
    clock.advance(SLOW_LIMIT_MS);
    const late = probe();
    clock.advance(0);
    expect(await late).toMatch(/^The store has not answered a write in time: check/);
    expect(checks).toHaveLength(2);
    checks[1]!.pass();
    await Promise.resolve();
    await Promise.resolve();
    expect(await probe()).toBeNull();
    expect(clock.waiting()).toBe(0);
  });

  it('fails where nothing was ever answered', async () => {
    const asked = probe();
    clock.advance(READINESS_LIMIT_MS);
    expect(await asked).toMatch(/has not answered/);
  });

  it('shows nothing of an error that is not ours, and has it logged', async () => {
    const asked = probe();
    const defect = new Error('cannot reach redis://ada:topsecret@host');
    checks[0]!.fail(defect);
    expect(await asked).toBe('The store fails in a way that is not known: the log has more.');
    expect(defects).toEqual([defect]);
  });

  it('is not misled by a clock that was set back', async () => {
    await passed();
    clock.advance(-60_000);
    void probe();
    expect(checks).toHaveLength(2);
  });
});
