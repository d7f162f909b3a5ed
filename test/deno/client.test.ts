import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { denoOrReason } from '../support/deno.ts';

const PROGRAM = fileURLToPath(new URL('client-program.ts', import.meta.url));
const deno = denoOrReason();

if (typeof deno !== 'string') {
  it.skip(`the client on Deno: ${deno.reason}`);
} else {
  describe('the client on Deno', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-client-deno-'));
    let service: ServiceProcess;
    beforeAll(async () => {
      service = await startServiceProcess({ folder });
    });
    afterAll(async () => {
      await service.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    });

    it('needs no right but to speak with the service', async () => {
      const { host } = new URL(service.address);
      const args = ['run', '--quiet', '--no-prompt', '--no-lock', '--no-config', '--no-npm', `--allow-net=${host}`];
      const run = await promisify(execFile)(deno, [...args, PROGRAM, service.address, service.secret], { cwd: folder });
      expect(run.stderr).toBe('');
      expect(JSON.parse(run.stdout)).toEqual({
        title: 'Grüße von Deno',
        total: 0,
        page: 200,
        code: 'notification_not_found',
      });
    });
  });
}
