import { expect, it } from 'vitest';
import { freshStore, type OpenStore } from './fresh-store.ts';

const WHOLE_RULE = {
  ttlSeconds: 60,
  urgency: 'high',
  priority: 'low',
  preference: 'required',
  overrides: ['quiet_hours', 'cap'],
  cap: { limit: 3, perSeconds: 60 },
  onQuiet: 'drop',
} as const;

/** What operators have said of types. */
export function typeRuleContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps each rule whole, one a pattern, and the latest', async () => {
    const { typeRules } = fresh.store;
    expect((await typeRules.all()).size).toBe(0);
    await typeRules.put('*', { onQuiet: 'hold' });
    await typeRules.put('a.b.*', WHOLE_RULE);
    await typeRules.put('a.b', {});
    await typeRules.put('*', { ttlSeconds: 5 });
    const expected = [
      ['*', { ttlSeconds: 5 }],
      ['a.b', {}],
      ['a.b.*', WHOLE_RULE],
    ];
    expect([...(await typeRules.all())]).toEqual(expected);
    expect([...(await (await fresh.reopen()).typeRules.all())]).toEqual(expected);
  });

  it('deletes one, and says if there was any', async () => {
    const { typeRules } = fresh.store;
    await typeRules.put('a.*', WHOLE_RULE);
    await typeRules.put('a', WHOLE_RULE);
    expect(await typeRules.delete('a.*')).toBe(true);
    expect(await typeRules.delete('a.*')).toBe(false);
    expect([...(await typeRules.all()).keys()]).toEqual(['a']);
  });
}

/** Expressions that have a name. */
export function segmentContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps each text as it was written, one a key, and the latest', async () => {
    const { segments } = fresh.store;
    expect((await segments.all()).size).toBe(0);
    await segments.put('vip', 'paying  && !trial');
    await segments.put('all', '#vip || @locale:de');
    await segments.put('vip', 'paying');
    const expected = [
      ['all', '#vip || @locale:de'],
      ['vip', 'paying'],
    ];
    expect([...(await segments.all())]).toEqual(expected);
    expect([...(await (await fresh.reopen()).segments.all())]).toEqual(expected);
  });

  it('deletes one, and says if there was any', async () => {
    const { segments } = fresh.store;
    await segments.put('vip', 'paying');
    expect(await segments.delete('vip')).toBe(true);
    expect(await segments.delete('vip')).toBe(false);
    expect((await segments.all()).size).toBe(0);
  });
}
