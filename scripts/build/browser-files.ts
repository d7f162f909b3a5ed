import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
const SDK_TYPES = 'sdk/types/';

/**
 * Makes what the service serves to browsers, so that it needs no source when it runs: `pages/`, as they are, and `sdk/`, each file of the
 * SDK in one piece, so that a site can also keep a copy. `tsc -p src/sdk` has written the SDK's types. Resolves to the files of the SDK.
 */
export async function buildBrowserFiles(to: string): Promise<readonly string[]> {
  cpSync(`${SOURCE}pages`, `${to}pages`, { recursive: true });
  await bundle('bellhop.ts', `${to}sdk/bellhop.js`, 'esm');
  await bundle('preferences.ts', `${to}sdk/preferences.js`, 'esm');
  await bundle('worker/bellhop-sw.ts', `${to}sdk/bellhop-sw.js`, 'iife');
  writeTypes(to, 'preferences.d.ts', ['public', 'wishes', 'own-preferences', 'preferences-form']);
  writeTypes(to, 'bellhop.d.ts', ['public', 'bellhop']);
  rmSync(`${to}${SDK_TYPES}`, { recursive: true });
  return ['bellhop.js', 'bellhop-sw.js', 'bellhop.d.ts', 'preferences.js', 'preferences.d.ts'].map(
    (name) => `sdk/${name}`,
  );
}

async function bundle(input: string, file: string, format: 'esm' | 'iife'): Promise<void> {
  const build = await rolldown({ input: `${SOURCE}sdk/${input}`, platform: 'browser', logLevel: 'warn' });
  await build.write({ file, format, minify: true });
  await build.close();
}

function writeTypes(to: string, file: string, names: readonly string[]): void {
  writeFileSync(`${to}sdk/${file}`, names.map((name) => declarationsOf(to, name)).join(''));
}

/** Without imports and re-exports: all declarations are in one file. */
function declarationsOf(to: string, name: string): string {
  return readFileSync(`${to}${SDK_TYPES}${name}.d.ts`, 'utf8').replaceAll(/^(import|export \{).*\n/gm, '');
}
