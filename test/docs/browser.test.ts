import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/browser.md');
const types = read('src/sdk/public.ts');

/** The first column of the table under a heading. */
const firstColumn = (start: RegExp): string[] => {
  const rest = page.slice(page.search(start));
  const table = rest.slice(rest.indexOf('|---')).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `(\w+)/gm)].map((match) => String(match[1]));
};
const literals = (text: string | undefined): string[] =>
  [...(text ?? '').matchAll(/'(\w+)'/g)].map((match) => String(match[1]));

describe('docs/browser.md', () => {
  it('explains every error code, and no other', () => {
    const codes = literals(/type BellhopErrorCode =([^;]+);/.exec(types)?.[1]);
    expect(codes.length).toBeGreaterThan(10);
    expect(firstColumn(/^## Errors/m)).toEqual(codes);
  });

  it('explains every state and reason', () => {
    const status = types.slice(types.indexOf('type BellhopStatus'), types.indexOf('type BellhopMessage'));
    const states = [...status.matchAll(/state: '(\w+)'/g)].map((match) => match[1]);
    expect(firstColumn(/^`status\(\)` gives/m)).toEqual(states);
    const reasons = [...literals(/type UnsupportedReason =([^;]+);/.exec(types)?.[1]), 'not_registered', 'not_removed'];
    for (const reason of reasons) expect(page).toContain(`\`${reason}\``);
  });

  it('explains every option', () => {
    const options = types.slice(types.indexOf('type BellhopOptions'), types.indexOf('type Bellhop ='));
    const names = [...options.matchAll(/readonly (\w+)\??:/g)].map((match) => String(match[1]));
    expect(firstColumn(/^## The SDK/m).sort()).toEqual(names.sort());
  });
});
