import { readdirSync } from 'node:fs';
import { basename, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

/** What Node is started with: the program, and each thread. */
export function entriesOfService(): readonly string[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll(sep, '/'));
  return ['main.ts', ...files.filter(isThread).toSorted()];
}

/**
 * Puts the sources that these entries load into a few files, each with its map: Node 20 needs a third less processor time to start
 * from ten files than from five hundred (docs/decisions/0045-built-in-few-files.md). What is loaded later stays in files of its
 * own, packages stay packages, and threads keep their paths. Resolves to what was written, by paths within `to`.
 */
export async function buildService(entries: readonly string[], to: string): Promise<readonly string[]> {
  const build = await rolldown({
    input: Object.fromEntries(entries.map((path) => [path.slice(0, -'.ts'.length), SOURCE + path])),
    platform: 'node',
    tsconfig: false,
    transform: { target: 'node20' },
    external: (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith(HELPERS),
    plugins: [ownPlaces],
    logLevel: 'warn',
    onLog: (level, log, told) => {
      // A place takes the room of another on one line: the map is right but for columns of that line.
      if (log.code !== 'SOURCEMAP_BROKEN') told(level, log);
    },
  });
  const { output } = await build.write({
    dir: to,
    format: 'esm',
    sourcemap: true,
    entryFileNames: ({ name }) => `${isThread(`${name}.ts`) ? name : basename(name)}.js`,
    chunkFileNames: ({ moduleIds, facadeModuleId }) =>
      `${isOfEmulator(moduleIds.length > 0 ? moduleIds : [facadeModuleId ?? '']) ? 'emulator/' : ''}[name].js`,
  });
  await build.close();
  for (const file of output) if (file.type === 'chunk') refuseLostPlace(file);
  return output.map(({ fileName }) => fileName);
}

/** Started by its path, beside the module that starts it. */
function isThread(path: string): boolean {
  return path.endsWith('-thread.ts');
}

/** What a newer syntax is written as for Node 20. */
const HELPERS = '@oxc-project/runtime';

/** The container image goes without it. */
function isOfEmulator(moduleIds: readonly string[]): boolean {
  return moduleIds.every((id) => id.startsWith(`${SOURCE}emulator/`));
}

/** A module that looks for files beside it finds them from where it is put, which is the top of the folder. */
const ownPlaces: Plugin = {
  name: 'own-places',
  transform(code, id) {
    if (!id.startsWith(SOURCE) || !code.includes(PLACE)) return null;
    const own = `./${relative(SOURCE, id).replaceAll(sep, '/').replace(/ts$/, 'js')}`;
    return { code: code.replaceAll(PLACE, `new URL('${own}', ${PLACE}).href`) };
  },
};
const PLACE = 'import.meta.url';

function refuseLostPlace({ fileName, code }: OutputChunk): void {
  if (fileName.includes('/') && code.includes(PLACE)) {
    throw new Error(`${fileName} asks for its place, and is not at the top: its files would be looked for elsewhere`);
  }
}
