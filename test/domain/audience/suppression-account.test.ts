import { expect, it } from 'vitest';
import { SUPPRESSION_REASONS } from '../../../src/domain/audience/release.ts';
import { suppressionAccountOf } from '../../../src/domain/audience/suppression-account.ts';

it('says why a user got nothing in one sentence, and what to do', () => {
  const said = SUPPRESSION_REASONS.map(suppressionAccountOf);
  for (const { says, remedy } of said)
    expect([says, remedy]).toEqual([expect.stringMatching(/^Nothing.*\w\.$/), expect.stringMatching(/\.$/)]);
  expect(new Set(said.map(({ says }) => says)).size).toBe(said.length);
});
