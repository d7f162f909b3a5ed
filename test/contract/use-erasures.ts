import { wantedErasure } from '../../src/domain/erasure/erasure.ts';
import { erasureId } from '../../src/domain/ids.ts';
import { eraseDue } from '../../src/intake/erasing.ts';
import { createExports } from '../../src/intake/exports.ts';
import type { Store } from '../../src/store/store.ts';
import { LATER_MS, NOW_MS } from '../support/samples.ts';
import { digestOf, erasuresOn, leaveTraces, PERSON, pageReadBefore } from '../support/traces.ts';

/** Every method of the port of erasures, and each step of one, on a person who stands everywhere. */
export async function useErasures(store: Store): Promise<void> {
  await leaveTraces(store);
  const { erasures, parts } = erasuresOn(store);
  const exports = createExports(parts);
  const { audit } = await exports.ofUser(PERSON);
  for await (const _ of audit);
  for await (const _ of exports.everything());
  const page = await pageReadBefore(store);
  await erasures.erase(PERSON);
  await page.commit();
  const later = { id: erasureId(NOW_MS, Math.random), userDigest: await digestOf(store), untilMs: LATER_MS * 2 };
  await erasures.apply([wantedErasure(later)], await erasures.keyId());
  while (await eraseDue(parts, () => false));
  await erasures.list({ cursor: null, limit: 5 });
  await erasures.get((await erasures.erase(PERSON)).erasure.id);
}
