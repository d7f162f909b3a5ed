import { spawnSync } from 'node:child_process';
import puppeteer, { type Browser } from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** What a machine without one is missing. */
export const NO_CHROMIUM = `there is no ${NAMES.join(' or ')} on PATH`;

/** Null where there is none. */
export function findChromium(): string | null {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** A Chromium with a profile of its own. It cannot subscribe here: its push service is on the internet. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(NO_CHROMIUM);
  // Root may not use the sandbox, and no page is opened but our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, headless: true, args });
}
