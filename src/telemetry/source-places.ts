import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Of each built file, once a defect came from it. */
const maps = new Map<string, nodeModule.SourceMap | null>();

/** Where a place in a built file stands in the source, as `path:line:column`; null where the file was not built, or has no map beside it. */
export function placeInSource(path: string, line: number, column: number): string | null {
  const found = mapOf(path)?.findEntry(line - 1, column - 1);
  if (found === undefined || !('originalSource' in found)) return null;
  const source = fileURLToPath(new URL(found.originalSource, pathToFileURL(path)));
  return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}

function mapOf(path: string): nodeModule.SourceMap | null {
  const known = maps.get(path);
  if (known !== undefined) return known;
  const file = `${path}.map`;
  const map = existsSync(file) ? new nodeModule.SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : null;
  maps.set(path, map);
  return map;
}
