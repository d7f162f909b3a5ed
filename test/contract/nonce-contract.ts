import { expect, it } from 'vitest';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

/** What recognises a signed request that came before. */
export function nonceContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('takes a nonce once, until it is swept', async () => {
    const { store } = fresh;
    expect(await store.nonces.use('n1', NOW_MS + 10)).toBe(true);
    expect(await store.nonces.use('n1', NOW_MS + 99)).toBe(false);
    expect(await store.nonces.use('n2', NOW_MS + 10)).toBe(true);
    await store.retention.sweep(NOW_MS + 11);
    expect(await store.nonces.use('n1', NOW_MS + 99)).toBe(true);
  });

  it('gives a nonce to one of many that use it at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => fresh.store.nonces.use('n', NOW_MS)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });
}
