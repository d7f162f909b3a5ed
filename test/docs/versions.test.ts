import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { startApi } from '../support/api.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/versions.md');

it.each([
  ['MongoDB', 'MONGODB_URL'],
  ['Redis', 'REDIS_URL'],
] as const)('docs/versions.md names the oldest %s that the settings and Operations name', (name, setting) => {
  const oldest = new RegExp(`\\| ${name} (\\d+\\.\\d+) or newer`).exec(page)?.[1];
  expect(oldest).toBeDefined();
  expect(SETTINGS[setting].meaning).toContain(`${oldest} or newer`);
  expect(read('docs/operations.md')).toContain(`**${name}.** ${oldest} or newer`);
});

it('docs/versions.md says that nothing is deprecated as long as /openapi.json says so', async () => {
  const api = await startApi();
  try {
    const { text } = await api.call('GET', '/openapi.json', { sign: 'none' });
    expect(page.includes('Today nothing is deprecated.')).toBe(!text.includes('"deprecated":true'));
  } finally {
    await api.dispose();
  }
});
