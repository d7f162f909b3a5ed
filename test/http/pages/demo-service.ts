import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { parseConfig } from '../../../src/config/config.ts';
import { readText } from '../../../src/config/environment.ts';
import { loadKeys } from '../../../src/config/key-files.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/emulator.ts';
import { type Service, startService } from '../../../src/service/service.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { DemoVisitor } from '../../support/demo-visitor.ts';

export type DemoService = {
  start(environment?: Record<string, string>): Promise<void>;
  /** Somebody who comes to the page for the first time. */
  visitor(): DemoVisitor;
  readonly service: Service;
  readonly emulator: Emulator;
  /** Of the API key that the start made. */
  readonly secret: string;
};

/** A service with the demo page and a push service for it, stopped after each test of the suite that calls this. */
export function demoService(): DemoService {
  const silent = createLogger({ level: 'silent', pretty: false });
  const visitors: DemoVisitor[] = [];
  let folder: string;
  let emulator: Emulator;
  let service: Service;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.close());
  afterEach(async () => {
    for (const one of visitors.splice(0)) one.leave();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    async start(environment = {}) {
      folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-page-'));
      writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
      const config = parseConfig(
        {
          PORT: '0',
          DATA_DIR: folder,
          DEMO_PAGE: 'true',
          PUSH_ALLOWED_HOSTS: emulator.allowedHost,
          PUSH_CA_FILE: join(folder, 'ca.pem'),
          RETRY_BASE_MS: '200',
          GONE_GRACE_SECONDS: '0',
          ...environment,
        },
        readText,
      );
      service = await startService({ config, keys: loadKeys(config), log: silent, version: '1' });
    },
    visitor() {
      const one = new DemoVisitor(service.address, emulator);
      visitors.push(one);
      return one;
    },
    get service() {
      return service;
    },
    get emulator() {
      return emulator;
    },
    get secret() {
      return readText(join(folder, 'hmac-secret')).trim();
    },
  };
}
