import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const headings = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => String(heading));
const released = headings.filter((heading) => heading !== 'Unreleased');

describe('the changelog', () => {
  it('begins with what is not released yet', () => {
    expect(headings[0]).toBe('Unreleased');
    expect(headings.filter((heading) => heading === 'Unreleased')).toHaveLength(1);
  });

  it.each(released)('names a version and its day: %s', (heading) => {
    expect(heading).toMatch(/^\d+\.\d+\.\d+ \(20\d\d-\d\d-\d\d\)$/);
  });

  it('has the version of package.json and its lock as its newest release', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(released[0]?.split(' ')[0]).toBe(version);
    expect(JSON.parse(read('package-lock.json')).packages[''].version).toBe(version);
  });

  it('has its releases from the newest to the oldest', () => {
    const orderOf = (heading: string): number =>
      String(heading.split(' ')[0])
        .split('.')
        .reduce((order, part) => order * 1000 + Number(part), 0);
    expect(released).toEqual([...released].sort((a, b) => orderOf(b) - orderOf(a)));
  });
});
