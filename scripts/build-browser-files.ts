import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Makes what the service serves to browsers, so that it needs no source when it runs: `dist/pages/`, the pages as they
 * are, and `dist/sdk/`, each file of the SDK in one piece, so that a site can also keep a copy. `tsc -p src/sdk` has
 * written the SDK's types.
 */
const from = fileURLToPath(new URL('../src/', import.meta.url));
const to = fileURLToPath(new URL('../dist/', import.meta.url));

rmSync(`${to}pages`, { recursive: true, force: true });
cpSync(`${from}pages`, `${to}pages`, { recursive: true });

await bundle('bellhop.ts', 'bellhop.js', 'esm');
await bundle('worker/bellhop-sw.ts', 'bellhop-sw.js', 'iife');
// Last: `scripts/bootstrap.cjs` takes a build with this file for a whole one.
writeFileSync(`${to}sdk/bellhop.d.ts`, ['public', 'bellhop'].map(declarationsOf).join(''));
rmSync(`${to}sdk/types`, { recursive: true });

async function bundle(input: string, file: string, format: 'esm' | 'iife'): Promise<void> {
  const build = await rolldown({ input: `${from}sdk/${input}`, platform: 'browser', logLevel: 'warn' });
  await build.write({ file: `${to}sdk/${file}`, format, minify: true });
  await build.close();
}

/** Without imports and re-exports: all declarations are in one file. */
function declarationsOf(name: string): string {
  return readFileSync(`${to}sdk/types/${name}.d.ts`, 'utf8').replaceAll(/^(import|export \{).*\n/gm, '');
}
