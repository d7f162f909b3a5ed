import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, PROBLEMS } from '../../../src/http/kit/problem.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const sections = page.split(/^## /m).slice(1);

describe('docs/errors.md', () => {
  it('explains every code, and no other', () => {
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(sections.map((section) => [section.split('\n')[0] as keyof typeof PROBLEMS, section] as const))(
    'gives %s its status, and says what to do',
    (code, section) => {
      expect(section).toContain(`**${PROBLEMS[code].status}**`);
      expect(section.length).toBeGreaterThan(80);
    },
  );
});
