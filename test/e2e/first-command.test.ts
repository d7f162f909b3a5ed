import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The commands of the scripts, each a package of the folder itself, so that `npm ci` needs no network. */
const TOOLS = ['tsc', 'biome', 'knip', 'tsx', 'vitest'];
const TOOL =
  "#!/usr/bin/env node\nconst { basename } = require('node:path');\nconsole.log('ran', basename(process.argv[1]), ...process.argv.slice(2));\n";

const run = promisify(execFile);

/** A clone as it is before anything is installed: our scripts, our way in, and tools that only say that they ran. */
function freshClone(): string {
  const clone = mkdtempSync(join(tmpdir(), 'bellhop-clone-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  };
  for (const tool of TOOLS) {
    write(`tools/${tool}/package.json`, JSON.stringify({ name: tool, version: '1.0.0', bin: { [tool]: tool } }));
    write(`tools/${tool}/${tool}`, TOOL);
    chmodSync(join(clone, `tools/${tool}/${tool}`), 0o755);
  }
  const devDependencies = Object.fromEntries(TOOLS.map((tool) => [tool, `file:tools/${tool}`]));
  write('package.json', JSON.stringify({ name: 'clone', version: '1.0.0', private: true, scripts, devDependencies }));
  for (const path of ['.npmrc', 'scripts/bootstrap.cjs']) cpSync(join(ROOT, path), join(clone, path));
  return clone;
}

describe('the first command in a fresh clone', () => {
  const clone = freshClone();
  // Without what an npm that runs these tests tells its children of itself.
  const inherited = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
  const env = { ...Object.fromEntries(inherited), npm_config_offline: 'true' };
  const npm = async (...args: string[]): Promise<{ ran: string[]; said: string }> => {
    const { stdout, stderr } = await run('npm', args, { cwd: clone, env });
    return { ran: stdout.split('\n').filter((line) => line.startsWith('ran ')), said: stderr };
  };
  const lock = join(clone, 'package-lock.json');

  beforeAll(async () => {
    await npm('install', '--package-lock-only', '--silent');
  }, 60_000);
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  it.each([
    ['check', ['check'], 'ran tsc -p . --incremental --tsBuildInfoFile node_modules/.cache/tsc.tsbuildinfo'],
    ['build', ['build'], 'ran tsc -p src/sdk'],
    ['docs', ['docs'], 'ran tsx scripts/docs/write.ts'],
    [
      'vitest',
      ['vitest', '--', 'test/clock.test.ts'],
      'ran vitest run --config test/vitest.config.ts test/clock.test.ts',
    ],
  ])(
    'npm run %s installs what is missing, once and without a word more',
    async (_, command, first) => {
      rmSync(join(clone, 'node_modules'), { recursive: true, force: true });
      const fresh = await npm('run', '--silent', ...command);
      expect([fresh.said, fresh.ran[0]]).toEqual(['Installing packages (npm ci) …\n', first]);
      const again = await npm('run', '--silent', ...command);
      expect(again).toEqual({ ran: fresh.ran, said: '' });
    },
    60_000,
  );

  it('installs nothing where the lock is written anew and says the same', async () => {
    const later = Date.now() / 1000 + 60;
    utimesSync(lock, later, later);
    expect((await npm('run', '--silent', 'docs')).said).toBe('');
  }, 60_000);

  it('installs again where the lock says something else', async () => {
    const text = readFileSync(lock, 'utf8');
    writeFileSync(
      join(clone, 'tools/tsx/package.json'),
      JSON.stringify({ name: 'tsx', version: '1.0.1', bin: { tsx: 'tsx' } }),
    );
    writeFileSync(lock, text.replace(/("tools\/tsx": \{[^}]*?"version": )"1\.0\.0"/, '$1"1.0.1"'));
    const later = Date.now() / 1000 + 60;
    utimesSync(lock, later, later);
    expect((await npm('run', '--silent', 'docs')).said).toBe('Installing packages (npm ci) …\n');
  }, 60_000);

  it.each(Object.keys(scripts))('npm run %s goes through the way in', (name) => {
    expect(scripts[name]).toMatch(
      /^(MALLOC_ARENA_MAX=2 )?(exec )?node (--max-semi-space-size=8 )?scripts\/bootstrap\.cjs |^npm run --silent (build|vitest)\b/,
    );
  });
});
