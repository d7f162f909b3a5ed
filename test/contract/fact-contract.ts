import { expect, it } from 'vitest';
import { freshStore, type OpenStore } from './fresh-store.ts';

/** What an installation knows about itself. */
export function factContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps a fact as it was first told, until it is replaced, and after it is opened again', async () => {
    const { store } = fresh;
    const told = await Promise.all(['one', 'two', 'three'].map((value) => store.facts.keep('key', value)));
    expect(new Set(told).size).toBe(1);
    expect(await store.facts.keep('other', 'four')).toBe('four');
    await store.facts.replace('key', 'five');
    await store.facts.replace('new', 'six');
    expect([await store.facts.find('new'), await store.facts.find('never')]).toEqual(['six', null]);
    const reopened = await fresh.reopen();
    const kept = await Promise.all(['key', 'other', 'new'].map((name) => reopened.facts.keep(name, 'later')));
    expect(kept).toEqual(['five', 'four', 'six']);
  });
}
