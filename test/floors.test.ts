import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin', 'biome');

type Diagnostic = { category: string; message: string; location: { path: string } };

const imports = (from: string): string => `import { x } from '${from}';\nexport const y = x;\n`;

type Override = { includes: string[]; linter: { rules: { style?: { noRestrictedImports?: unknown } } } };

/** The overrides of `biome.json` that say what a room may import, each as the test whether a file is in it. */
function floorRules(): ((file: string) => boolean)[] {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as { overrides: Override[] };
  return overrides
    .filter(({ linter }) => linter.rules.style?.noRestrictedImports !== undefined)
    .map(({ includes }) => {
      const without = includes.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
      const within = includes.filter((glob) => !glob.startsWith('!'));
      return (file) => within.some((glob) => matchesGlob(file, glob)) && !without.includes(file);
    });
}

const FORBIDDEN: [path: string, text: string, rule: string][] = [
  ['src/domain/a.ts', imports('../clock.ts'), 'F0'],
  ['src/domain/delivery/a.ts', imports('../../clock.ts'), 'F0'],
  ['src/domain/delivery/a.ts', imports('node:fs'), 'F0'],
  ['src/domain/a.ts', "import { randomBytes } from 'node:crypto';\nexport const y = randomBytes;\n", 'F0'],
  ['src/domain/delivery/a.ts', 'export const y = Date.now();\n', 'noRestrictedGlobals'],
  ['src/domain/a.ts', 'export const y = process.argv;\n', 'noRestrictedGlobals'],
  ['src/clock.ts', imports('./domain/ids.ts'), 'F1'],
  ['src/store/store.ts', imports('./sqlite/sqlite-store.ts'), 'F1'],
  ['src/queue/job-queue.ts', imports('../delivery/worker.ts'), 'F1'],
  ['src/push/push-transport.ts', imports('../egress/exchange.ts'), 'F1'],
  ['src/coordination/coordination.ts', imports('../queue/job-queue.ts'), 'F1'],
  ['src/access/a.ts', imports('../intake/notifications.ts'), 'F2'],
  ['src/upkeep/a.ts', imports('../delivery/worker.ts'), 'F2'],
  ['src/upkeep/a.ts', imports('../store/mongodb/mongodb-store.ts'), 'F2'],
  ['src/intake/a.ts', imports('../store/sqlite/sqlite-store.ts'), 'F2'],
  ['src/intake/a.ts', imports('../delivery/worker.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../http/app.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../access/access.ts'), 'F2'],
  ['src/delivery/a.ts', imports('../queue/in-process/in-process-queue.ts'), 'F2'],
  ['src/store/sqlite/a.ts', imports('../mongodb/mongodb-store.ts'), 'F3'],
  ['src/store/sqlite/a.ts', imports('../../config/settings.ts'), 'F3'],
  ['src/store/sqlite/file/a.ts', imports('../../mongodb/server/batcher.ts'), 'F3'],
  ['src/store/mongodb/delivery/a.ts', imports('../../../config/settings.ts'), 'F3'],
  ['src/queue/redis/a.ts', imports('../in-process/in-process-queue.ts'), 'F3'],
  ['src/queue/in-process/a.ts', imports('../../push/vapid.ts'), 'F3'],
  ['src/queue/picking/a.ts', imports('../../config/settings.ts'), 'F3'],
  ['src/push/a.ts', imports('../telemetry/logger.ts'), 'F3'],
  ['src/push/a.ts', imports('../config/settings.ts'), 'F3'],
  ['src/push/threads/a.ts', imports('../../config/settings.ts'), 'F3'],
  ['src/egress/a.ts', imports('../push/vapid.ts'), 'F3'],
  ['src/coordination/a.ts', imports('../queue/redis/bee-queue.ts'), 'F3'],
  ['src/telemetry/a.ts', imports('../config/settings.ts'), 'F3'],
  ['src/http/a.ts', imports('../delivery/worker.ts'), 'F4'],
  ['src/http/a.ts', imports('../push/web-push.ts'), 'F4'],
  ['src/http/kit/a.ts', imports('../v1/notifications.ts'), 'F4'],
  ['src/http/kit/a.ts', imports('../../intake/notifications.ts'), 'F4'],
  ['src/http/v1/a.ts', imports('../../delivery/worker.ts'), 'F4'],
  ['src/http/v1/a.ts', imports('../pages/demo.ts'), 'F4'],
  ['src/http/v1/a.ts', imports('../app.ts'), 'F4'],
  ['src/http/pages/a.ts', imports('../../store/sqlite/sqlite-store.ts'), 'F4'],
  ['src/http/pages/a.ts', imports('../app.ts'), 'F4'],
  ['src/http/console/a.ts', imports('../../store/sqlite/sqlite-store.ts'), 'F4'],
  ['src/http/console/a.ts', imports('../app.ts'), 'F4'],
  ['src/config/a.ts', imports('../push/vapid.ts'), 'F5'],
  ['src/config/a.ts', imports('../service/service.ts'), 'F5'],
  ['src/service/a.ts', imports('../commands/start.ts'), 'F5'],
  ['src/service/a.ts', imports('../emulator/emulator.ts'), 'F5'],
  ['src/commands/a.ts', imports('../main.ts'), 'F6'],
  ['src/commands/a.ts', imports('../sdk/bellhop.ts'), 'F6'],
  ['src/commands/doctor/a.ts', imports('../../main.ts'), 'F6'],
  ['src/commands/doctor/a.ts', imports('../../client/client.ts'), 'F6'],
  ['src/main.ts', imports('./store/store.ts'), 'F6'],
  ['src/emulator/a.ts', imports('../push/vapid.ts'), 'must not share its mistakes'],
  ['src/sdk/a.ts', imports('../clock.ts'), 'stands alone'],
  ['src/sdk/a.ts', imports('node:crypto'), 'runs in browsers'],
  ['src/sdk/worker/a.ts', imports('../../domain/ids.ts'), 'runs in browsers'],
  ['src/sdk/worker/a.ts', imports('../service.ts'), 'stands alone'],
  ['src/client/a.ts', imports('../domain/app-error.ts'), 'nothing but its own files'],
  ['src/client/a.ts', imports('node:crypto'), 'nothing but its own files'],
  ['src/client/a.ts', imports('undici'), 'nothing but its own files'],
  ['src/client/a.ts', 'export const y = Buffer.from("a");\n', 'noRestrictedGlobals'],
  ['src/intake/a.ts', 'export const y = process.env.PORT;\n', 'noProcessEnv'],
  ['src/intake/a.ts', 'export default 1;\n', 'noDefaultExport'],
  ['src/intake/a.ts', 'export enum A { B }\n', 'noEnum'],
  ['src/intake/a.ts', 'export const y = (x: any) => x;\n', 'noExplicitAny'],
  ['src/intake/a.ts', "export * from './clock.ts';\n", 'noBarrelFile'],
  ['src/intake/a.ts', 'export const y = 1;\n'.repeat(301), 'noExcessiveLinesPerFile'],
];

const ALLOWED: [path: string, text: string][] = [
  ['src/domain/a.ts', imports('./delivery/delivery.ts')],
  ['src/domain/delivery/a.ts', imports('../notification/notification.ts')],
  ['src/store/page.ts', imports('../domain/ids.ts')],
  ['src/upkeep/a.ts', imports('../queue/job-queue.ts')],
  ['src/intake/a.ts', imports('../store/store.ts')],
  ['src/intake/a.ts', imports('../access/subscriber-tokens.ts')],
  ['src/delivery/a.ts', imports('../upkeep/loop.ts')],
  ['src/store/sqlite/a.ts', imports('../../domain/delivery/delivery.ts')],
  ['src/store/sqlite/a.ts', imports('../delivery-store.ts')],
  ['src/store/sqlite/delivery/a.ts', imports('../../delivery-store.ts')],
  ['src/store/sqlite/delivery/a.ts', imports('../../../clock.ts')],
  ['src/store/sqlite/delivery/a.ts', imports('../file/driver.ts')],
  ['src/queue/redis/a.ts', imports('../picking/work-limit.ts')],
  ['src/queue/redis/a.ts', imports('../../domain/ids.ts')],
  ['src/push/a.ts', imports('../egress/exchange.ts')],
  ['src/http/a.ts', imports('../access/access.ts')],
  ['src/http/v1/a.ts', imports('../kit/route.ts')],
  ['src/http/v1/a.ts', imports('../../store/page.ts')],
  ['src/http/pages/a.ts', imports('../v1/delivery-schema.ts')],
  ['src/http/console/a.ts', imports('../v1/delivery-schema.ts')],
  ['src/http/kit/a.ts', imports('../../access/access.ts')],
  ['src/service/a.ts', imports('../http/app.ts')],
  ['src/commands/doctor/a.ts', imports('../../emulator/emulator.ts')],
  ['src/sdk/worker/a.ts', imports('../device.ts')],
  ['src/sdk/worker/a.ts', imports('../database.ts')],
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
    expect(saidOf(place(index, path))).not.toMatch(/F\d:|stands alone|nothing but its own files/);
  });

  it('knows every file of src/ by a rule of its own', () => {
    const rules = floorRules();
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => `src/${file}`);
    const code = files.filter((file) => file.endsWith('.ts'));
    expect(code.length).toBeGreaterThan(200);
    expect(code.filter((file) => !rules.some((rule) => rule(file)))).toEqual([]);
  });

  it('has a violation planted for every rule', () => {
    const planted = FORBIDDEN.map(([path]) => path);
    expect(floorRules().filter((rule) => !planted.some(rule))).toEqual([]);
  });
});
