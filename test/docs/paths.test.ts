import { readdirSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (page: string): string => readFileSync(`${ROOT}/${page}`, 'utf8');

/** What `npm run build` makes: named, but not in the checkout. */
const MADE = ['dist/', 'node_modules/'];

const FOLDERS = ['src', 'test', 'scripts', 'docs'];
const paths = [
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  ),
];

/** In backticks, without a space: a file by its ending, or a folder by its slash. Routes begin with a slash. */
function namedPathsOf(page: string): string[] {
  const quoted = [...read(page).matchAll(/`([^`\s]+)`/g)].map(([, text]) => String(text));
  const isPath = (text: string): boolean =>
    /^[\w.*-]+(\/[\w.*-]+)*(\/|\.(ts|cjs|js|json|md|css|html|yaml))$/.test(text) && !MADE.includes(text);
  return [...new Set(quoted.filter(isPath))];
}

const known = new Set(paths);

function isThere(named: string): boolean {
  const places = [named, `src/${named}`].map((place) => place.replace(/\/$/, ''));
  if (!named.includes('*')) return places.some((place) => known.has(place));
  return paths.some((path) => places.some((place) => matchesGlob(path, place)));
}

it.each(['docs/architecture.md', 'docs/development.md'])('%s names only paths that are there', (page) => {
  const named = namedPathsOf(page);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});

it('docs/architecture.md names each room of src/', () => {
  const folders = readdirSync(`${ROOT}/src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const named = namedPathsOf('docs/architecture.md');
  expect(folders.map(({ name }) => name).filter((room) => !named.some((path) => path.startsWith(`${room}/`)))).toEqual(
    [],
  );
});

it('comments point only to pages that are there', () => {
  const code = paths.filter((path) => /^(src|scripts|test)\/.*\.(ts|cjs|js)$/.test(path));
  const pointers = code.flatMap((path) => [...read(path).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => page));
  expect(pointers.length).toBeGreaterThan(20);
  expect(pointers.filter((page) => !known.has(page))).toEqual([]);
});
