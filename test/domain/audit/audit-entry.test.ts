import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  type AuditHead,
  faultOf,
  linked,
  NO_ENTRY,
  type SaltedDraft,
} from '../../../src/domain/audit/audit-entry.ts';

const draft = fc.record({
  atMs: fc.integer(),
  by: fc.constantFrom('key', 'operator', 'command'),
  who: fc.string(),
  action: fc.string(),
  target: fc.string(),
  from: fc.string(),
  requestId: fc.string(),
  refusal: fc.option(fc.string(), { nil: null }),
  salts: fc.tuple(fc.string(), fc.string(), fc.string()),
}) as fc.Arbitrary<SaltedDraft>;

function faults(entries: readonly AuditEntry[]): readonly string[] {
  let head: AuditHead = NO_ENTRY;
  return entries.flatMap((entry) => {
    const fault = faultOf(head, entry);
    head = entry;
    return fault === null ? [] : [fault];
  });
}

describe('the chain of the audit log', () => {
  it('is whole as it was made, in however many steps', () => {
    fc.assert(
      fc.property(fc.array(draft), fc.array(draft), (first, second) => {
        const begun = linked(NO_ENTRY, first);
        const all = [...begun, ...linked(begun.at(-1) ?? NO_ENTRY, second)];
        expect(faults(all)).toEqual([]);
        expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
      }),
    );
  });

  it('shows whatever is changed, left out or put in another order', () => {
    const entries = linked(NO_ENTRY, fc.sample(draft, { numRuns: 5, seed: 1 }));
    const [first, second, third] = entries as [AuditEntry, AuditEntry, AuditEntry];
    const changes: Partial<AuditEntry>[] = [
      { atMs: 1.5 },
      { by: second.by === 'key' ? 'operator' : 'key' },
      { action: 'another' },
      { requestId: 'another' },
      { refusal: 'another' },
      { who: { ...second.who, text: 'another' } },
      { target: { ...second.target, text: 'another' } },
      { from: { ...second.from, seal: 'another' } },
      { previous: 'another' },
      { hash: 'another' },
    ];
    for (const change of changes)
      expect(faults([first, { ...second, ...change }, third]), JSON.stringify(change)).not.toEqual([]);
    expect(faults([first, third])).toEqual(['entry 3 follows entry 1: what was between is gone']);
    expect(faults([first, third, second])).not.toEqual([]);
    expect(faults([second, third])).not.toEqual([]);
  });

  it('is whole after names were taken out of it', () => {
    const blank = (entry: AuditEntry): AuditEntry => ({
      ...entry,
      who: { ...entry.who, text: null, salt: null },
      target: { ...entry.target, text: null, salt: null },
    });
    const entries = linked(NO_ENTRY, fc.sample(draft, { numRuns: 5, seed: 2 }));
    expect(faults(entries.map(blank))).toEqual([]);
  });
});
