import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const read = (path: string): string => readFileSync(at(path), 'utf8');

const dockerfile = read('Dockerfile').replaceAll('\\\n', '');
/** What is copied from the checkout, not from an earlier stage. */
const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) => String(list).split(' '));

describe('the Dockerfile', () => {
  it.each([...new Set(sources)])('copies %s, which is there and which .dockerignore lets through', (path) => {
    expect(existsSync(at(path))).toBe(true);
    const letThrough = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    // A folder that is let through lets through what is in it.
    const folders = path.split('/').map((_, index, names) => `!${names.slice(0, index + 1).join('/')}`);
    expect(letThrough.some((line) => folders.includes(line))).toBe(true);
  });

  it('leaves the emulator out of what it runs', () => {
    expect(dockerfile).toMatch(/^RUN npm run build && rm -r dist\/emulator$/m);
    expect(dockerfile.match(/^COPY .*\bdist\b.*$/gm)).toEqual(['COPY --from=build /app/dist dist']);
  });
});

type LockedPackage = { readonly dev?: boolean; readonly optional?: boolean; readonly link?: boolean };
type Lock = { readonly packages: Readonly<Record<string, LockedPackage>> };

/** Folders of the packages that `npm ci --omit=dev --omit=optional` installs. */
function productionPackages(): readonly string[] {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  // The client is a package of this repository: a link to a folder that the image does not have.
  const isOwn = (path: string): boolean => !path.startsWith('node_modules/') || packages[path]?.link === true;
  return Object.entries(packages).flatMap(([path, { dev, optional }]) =>
    isOwn(path) || dev === true || optional === true ? [] : [path],
  );
}

/** Of the packages themselves, without those nested in them, which are listed by themselves. */
function filesOf(path: string): readonly string[] {
  return readdirSync(at(path), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesOf(`${path}/${entry.name}`);
    return [`${path}/${entry.name}`];
  });
}

/** On a disk of 4 KiB blocks, as `du` counts. */
function mebibytesOf(files: readonly string[]): number {
  const blocks = files.map((file) => Math.ceil(statSync(at(file)).size / 4096));
  return blocks.reduce((sum, count) => sum + count, 0) / 256;
}

const files = productionPackages().flatMap(filesOf);

describe('the packages in the image', () => {
  const [, names = ''] = /^RUN find node_modules -type f +\\\( (.+?) \\\)/m.exec(dockerfile) ?? [];
  const endings = [...names.matchAll(/-name '\*(\.\w+)'/g)].map(([, ending]) => String(ending));
  const folders = [...dockerfile.matchAll(/node_modules\/@opentelemetry\/\*(\/build\/\w+)/g)].map(([, folder]) =>
    String(folder),
  );
  const isDeleted = (file: string): boolean =>
    folders.some((folder) => file.includes('/@opentelemetry/') && file.includes(`${folder}/`)) ||
    (endings.some((ending) => file.endsWith(ending)) && !/\/(?:licen[sc]e|notice)[^/]*$/i.test(file));

  it('weigh far less than 40 MB once what nobody runs or reads is deleted', () => {
    expect(endings).toEqual(['.map', '.ts', '.mts', '.cts', '.md']);
    expect(mebibytesOf(files.filter((file) => !isDeleted(file)))).toBeLessThan(30);
  });

  it('have no polyfills of what every Node has, and nothing that only the emulator uses', () => {
    const installed = productionPackages();
    for (const name of ['es-abstract', 'define-properties', 'selfsigned', '@peculiar/x509', 'libsql']) {
      expect(installed.filter((path) => path.endsWith(`node_modules/${name}`))).toEqual([]);
    }
    expect(installed.length).toBeLessThan(110);
  });

  it('keep their licences', () => {
    const licences = files.filter((file) => /\/(?:licen[sc]e|notice)[^/]*$/i.test(file));
    expect(licences.length).toBeGreaterThan(60);
    expect(licences.filter(isDeleted)).toEqual([]);
  });
});
