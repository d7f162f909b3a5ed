import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { installPackage, linkDependencies } from '../support/package.ts';
import { statusesOfPage } from '../support/page-files.ts';

describe('the packed service, in a folder of somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-packed-service-'));
  let service: ServiceProcess;

  beforeAll(async () => {
    const packagePath = await installPackage(folder);
    linkDependencies(folder, packagePath);
    const program = join(packagePath, 'dist', 'main.js');
    service = await startServiceProcess({ folder, program, environment: { DEMO_PAGE: 'true' } });
  }, 60_000);
  afterAll(async () => {
    await service?.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('serves the demo page with every file that it names', async () => {
    const statuses = await statusesOfPage(service.address, '/demo');
    expect(Object.keys(statuses)).toEqual(
      expect.arrayContaining(['/demo', '/demo/base.css', '/demo/demo.js', '/demo/bell.svg', '/sdk/bellhop.js']),
    );
    expect(Object.entries(statuses).filter(([, status]) => status !== 200)).toEqual([]);
  });

  it('serves the browser SDK, its worker and its types', async () => {
    for (const name of ['bellhop.js', 'bellhop-sw.js', 'bellhop.d.ts', 'preferences.js', 'preferences.d.ts']) {
      expect([name, (await fetch(`${service.address}/sdk/${name}`)).status]).toEqual([name, 200]);
    }
  });
});
