import { writeFileSync } from 'node:fs';
import { launchChromium } from '../chromium.ts';
import { drawConsole } from './console-pictures.ts';
import { drawDemoPage, PICTURE } from './picture.ts';

/** Writes the pictures that README.md and docs/ show. `console` or `demo`: those alone. */
const only = process.argv[2];
const browser = await launchChromium();
const pictures = [
  ...(only === 'console' ? [] : [{ path: PICTURE.path, picture: await drawDemoPage(browser) }]),
  ...(only === 'demo' ? [] : await drawConsole(browser)),
];
await browser.close();
for (const { path, picture } of pictures) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), picture);
  process.stdout.write(`${path} (${picture.byteLength} octets)\n`);
}
