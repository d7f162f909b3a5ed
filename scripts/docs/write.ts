import { writeFileSync } from 'node:fs';
import { PAGES } from './pages.ts';

for (const [path, make] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), make());
  process.stdout.write(`${path}\n`);
}
