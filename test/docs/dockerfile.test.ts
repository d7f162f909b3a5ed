import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const read = (path: string): string => readFileSync(at(path), 'utf8');

/** What is copied from the checkout, not from an earlier stage. */
const sources = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) =>
  String(list).split(' '),
);

describe('the Dockerfile', () => {
  it.each([...new Set(sources)])('copies %s, which is there and which .dockerignore lets through', (path) => {
    expect(existsSync(at(path))).toBe(true);
    const letThrough = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    // A folder that is let through lets through what is in it.
    const folders = path.split('/').map((_, index, names) => `!${names.slice(0, index + 1).join('/')}`);
    expect(letThrough.some((line) => folders.includes(line))).toBe(true);
  });
});
