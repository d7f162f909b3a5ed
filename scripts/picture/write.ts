import { writeFileSync } from 'node:fs';
import { launchChromium } from '../chromium.ts';
import { drawDemoPage, PICTURE } from './picture.ts';

/** Writes the picture of the demo page that README.md shows. */
const browser = await launchChromium();
const picture = await drawDemoPage(browser);
await browser.close();
writeFileSync(new URL(`../../${PICTURE.path}`, import.meta.url), picture);
process.stdout.write(`${PICTURE.path} (${picture.byteLength} octets)\n`);
