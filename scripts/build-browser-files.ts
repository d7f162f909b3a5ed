import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Makes the files that the service serves under /sdk/: each one file, so that a site can also keep a copy. `tsc -p
 * src/sdk` has written the types.
 */
const from = fileURLToPath(new URL('../src/sdk/', import.meta.url));
const to = fileURLToPath(new URL('../dist/sdk/', import.meta.url));

await bundle('bellhop.ts', 'bellhop.js', 'esm');
await bundle('worker/bellhop-sw.ts', 'bellhop-sw.js', 'iife');
writeFileSync(`${to}bellhop.d.ts`, ['public', 'bellhop'].map(declarationsOf).join(''));
rmSync(`${to}types`, { recursive: true });

async function bundle(input: string, file: string, format: 'esm' | 'iife'): Promise<void> {
  const build = await rolldown({ input: from + input, platform: 'browser', logLevel: 'warn' });
  await build.write({ file: to + file, format, minify: true });
  await build.close();
}

/** Without imports and re-exports: all of it is in one file. */
function declarationsOf(name: string): string {
  return readFileSync(`${to}types/${name}.d.ts`, 'utf8').replaceAll(/^(import|export \{).*\n/gm, '');
}
