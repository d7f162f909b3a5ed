import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin', 'biome');

type Diagnostic = { category: string; message: string; location: { path: string } };

const imports = (from: string): string => `import { x } from '${from}';\nexport const y = x;\n`;

const FORBIDDEN: [path: string, text: string, rule: string][] = [
  ['src/domain/a.ts', imports('../clock.ts'), 'F0'],
  ['src/domain/a.ts', imports('node:fs'), 'F0'],
  ['src/domain/a.ts', "import { randomBytes } from 'node:crypto';\nexport const y = randomBytes;\n", 'F0'],
  ['src/domain/a.ts', 'export const y = Date.now();\n', 'noRestrictedGlobals'],
  ['src/domain/a.ts', 'export const y = process.argv;\n', 'noRestrictedGlobals'],
  ['src/store/store.ts', imports('./sqlite/sqlite-store.ts'), 'F1'],
  ['src/queue/job-queue.ts', imports('../delivery/worker.ts'), 'F1'],
  ['src/intake/a.ts', imports('../store/sqlite/sqlite-store.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../http/app.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../intake/access.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../queue/in-process.ts'), 'F2'],
  ['src/queue/a.ts', imports('../push/vapid.ts'), 'F3'],
  ['src/coordination/a.ts', imports('../queue/bee-queue.ts'), 'F3'],
  ['src/coordination/coordination.ts', imports('../queue/job-queue.ts'), 'F1'],
  ['src/push/a.ts', imports('../telemetry/logger.ts'), 'F3'],
  ['src/store/sqlite/a.ts', imports('../mongodb/store.ts'), 'F3'],
  ['src/telemetry/a.ts', imports('../config.ts'), 'F3'],
  ['src/http/a.ts', imports('../delivery/worker.ts'), 'F4'],
  ['src/http/a.ts', imports('../push/web-push.ts'), 'F4'],
  ['src/emulator/a.ts', imports('../push/vapid.ts'), 'must not share its mistakes'],
  ['src/sdk/a.ts', imports('../clock.ts'), 'stands alone'],
  ['src/sdk/a.ts', imports('node:crypto'), 'runs in browsers'],
  ['src/sdk/worker/a.ts', imports('../../domain/ids.ts'), 'runs in browsers'],
  ['src/sdk/worker/a.ts', imports('../service.ts'), 'stands alone'],
  ['src/client/a.ts', imports('../domain/app-error.ts'), 'nothing but its own files'],
  ['src/client/a.ts', imports('node:crypto'), 'nothing but its own files'],
  ['src/client/a.ts', imports('undici'), 'nothing but its own files'],
  ['src/client/a.ts', 'export const y = Buffer.from("a");\n', 'noRestrictedGlobals'],
  ['src/a.ts', 'export const y = process.env.PORT;\n', 'noProcessEnv'],
  ['src/a.ts', 'export default 1;\n', 'noDefaultExport'],
  ['src/a.ts', 'export enum A { B }\n', 'noEnum'],
  ['src/a.ts', 'export const y = (x: any) => x;\n', 'noExplicitAny'],
  ['src/a.ts', "export * from './clock.ts';\n", 'noBarrelFile'],
  ['src/a.ts', 'export const y = 1;\n'.repeat(301), 'noExcessiveLinesPerFile'],
];

const ALLOWED: [path: string, text: string][] = [
  ['src/intake/a.ts', imports('../store/store.ts')],
  ['src/http/a.ts', imports('../intake/access.ts')],
  ['src/store/sqlite/a.ts', imports('../../domain/delivery.ts')],
  ['src/service.ts', imports('./http/app.ts')],
  ['src/sdk/worker/a.ts', imports('../device.ts')],
  ['src/client/a.ts', imports('./signing.ts')],
];

describe('the floors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-floors-'));
  let diagnostics: Diagnostic[];

  /** Each case in a file of its own, in the folder it speaks of, linted by the project's own rules. */
  const place = (index: number, path: string): string => path.replace(/\ba\.ts$/, `case-${index}.ts`);

  beforeAll(() => {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    [...FORBIDDEN, ...ALLOWED].forEach(([path, text], index) => {
      const file = join(folder, place(index, path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    });
    const args = [biome, 'lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    diagnostics = (JSON.parse(run.stdout) as { diagnostics: Diagnostic[] }).diagnostics;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const saidOf = (path: string): string =>
    diagnostics
      .filter(({ location }) => location.path === path)
      .map(({ category, message }) => `${category} ${message}`)
      .join('\n');

  it.each(FORBIDDEN.map((row, index) => [index, ...row] as const))('%d: %s may not', (index, path, _, rule) => {
    expect(saidOf(place(index, path))).toContain(rule);
  });

  it.each(ALLOWED.map((row, index) => [FORBIDDEN.length + index, ...row] as const))('%d: %s may', (index, path) => {
    expect(saidOf(place(index, path))).not.toMatch(/F\d:/);
  });
});
