import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/**
 * Packs what was built and unpacks it as npm does, in `node_modules` of this folder; without the packages that it
 * depends on. Resolves with the path of the package.
 */
export async function installPackage(folder: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: ROOT });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  const into = join(folder, 'node_modules', 'bellhop');
  mkdirSync(into, { recursive: true });
  await run('tar', ['-xzf', join(folder, String(archive)), '-C', into, '--strip-components=1']);
  return into;
}

/**
 * Lets the package find the dependencies that it declares, but for those left out, and no other: from this checkout, as no
 * registry is asked.
 */
export function linkDependencies(folder: string, packagePath: string, leftOut: readonly string[] = []): void {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(packagePath, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    if (leftOut.includes(name)) continue;
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link);
  }
}
