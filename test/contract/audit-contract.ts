import { expect, it } from 'vitest';
import { type AuditEntry, type AuditHead, faultOf, type SaltedDraft } from '../../src/domain/audit/audit-entry.ts';
import type { AuditStore } from '../../src/store/audit-store.ts';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const ANY = { who: null, action: null, target: null };

let salts = 0;

function draft(overrides: Partial<SaltedDraft> = {}): SaltedDraft {
  salts += 1;
  return {
    atMs: NOW_MS,
    by: 'key',
    who: 'shop',
    action: 'replayDelivery',
    target: 'dlv_1',
    from: '192.0.2.7',
    requestId: 'req_1',
    refusal: null,
    salts: [`a${salts}`, `b${salts}`, `c${salts}`],
    ...overrides,
  };
}

async function faultsOf(audit: AuditStore): Promise<readonly string[]> {
  const faults: string[] = [];
  let head: AuditHead | null = { seq: 0, hash: '' };
  for (const entry of await audit.after(0, 1000)) {
    const fault = faultOf(head, entry);
    if (fault !== null) faults.push(fault);
    head = entry;
  }
  return faults;
}

const targets = (entries: readonly AuditEntry[]) => entries.map(({ target }) => target.text);

/** Who changed what: a chain without a gap. */
export function auditContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps one chain, however many add to it at the same time', async () => {
    const { audit } = fresh.store;
    const calls = Array.from({ length: 12 }, (_, index) =>
      audit.append([draft({ target: `dlv_${index}` }), draft({ target: `dlv_${index} again` })]),
    );
    await Promise.all(calls);
    const entries = await (await fresh.reopen()).audit.after(0, 100);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    expect(new Set(targets(entries)).size).toBe(24);
    expect(await faultsOf(fresh.store.audit)).toEqual([]);
  });

  it('goes on where it ended, and gives what comes after a number', async () => {
    const { audit } = fresh.store;
    await audit.append([draft()]);
    await audit.append([draft({ refusal: 'delivery_not_found' }), draft({ by: 'operator', who: 'Ann O’Neill' })]);
    const [second, third] = await audit.after(1, 10);
    expect([second?.seq, second?.refusal, third?.who.text]).toEqual([2, 'delivery_not_found', 'Ann O’Neill']);
    expect(await audit.after(0, 1)).toMatchObject([{ seq: 1, previous: '' }]);
    expect(await audit.after(3, 10)).toEqual([]);
    expect(await faultsOf(audit)).toEqual([]);
  });

  it('lists the newest first, by whom, by what and on what', async () => {
    const { audit } = fresh.store;
    await audit.append([
      draft({ target: 'a' }),
      draft({ target: 'b', who: 'Ann' }),
      draft({ target: 'a', who: 'Ann', action: 'deleteSegment' }),
      draft({ target: 'c' }),
    ]);
    const first = await audit.list({ cursor: null, limit: 3, filter: ANY });
    expect([targets(first.items), first.next]).toEqual([['c', 'a', 'b'], '2']);
    expect(targets((await audit.list({ cursor: first.next, limit: 3, filter: ANY })).items)).toEqual(['a']);
    const found = async (filter: Partial<typeof ANY | Record<string, string>>) =>
      targets((await audit.list({ cursor: null, limit: 9, filter: { ...ANY, ...filter } })).items);
    expect(await found({ who: 'Ann' })).toEqual(['a', 'b']);
    expect(await found({ action: 'deleteSegment' })).toEqual(['a']);
    expect(await found({ target: 'a', who: 'shop' })).toEqual(['a']);
    const between = async (fromSeq: number, belowSeq: number, cursor: string | null = null, filter = ANY) =>
      (await audit.list({ cursor, limit: 9, filter, span: { fromSeq, belowSeq } })).items.map(({ seq }) => seq);
    expect(await between(2, 4)).toEqual([3, 2]);
    expect(await between(2, 4, '3')).toEqual([2]);
    expect(await between(3, 4, null, { ...ANY, target: 'a' } as never)).toEqual([3]);
    await expect(audit.list({ cursor: 'x', limit: 1, filter: ANY })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });
}
