import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('the oldest Node is the same wherever it is said, and development runs on it', () => {
  const { engines } = JSON.parse(read('package.json'));
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
  expect(read('scripts/bootstrap.cjs')).toContain(`requireNode([${major}, ${minor}])`);
  expect(read('README.md')).toContain(`Node ${major}.${minor} or newer`);
  expect(read('CONTRIBUTING.md')).toContain(`Node ${major}.${minor} or newer`);
  expect(read('docs/versions.md')).toContain(`Node ${major}.${minor} or newer`);
  expect(read('docs/development.md')).toContain(`Node ${major}.${minor} or newer`);
  expect(read('.nvmrc').trim()).toBe(major);
});
