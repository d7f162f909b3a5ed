import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PAGES } from '../../scripts/docs/pages.ts';

describe('pages made from the source', () => {
  it.each(Object.entries(PAGES))('%s is up to date (else: npm run docs)', (path, make) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(make());
  });
});
