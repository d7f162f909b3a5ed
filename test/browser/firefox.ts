import { spawnSync } from 'node:child_process';
import puppeteer, { type Browser } from 'puppeteer-core';
import { describe, it } from 'vitest';
import type { MozillaPushServer } from './mozilla-push-server.ts';

const NAMES = ['firefox-esr', 'firefox'];

/** Declares the suite where a Firefox is to be had; else one skipped test says what is missing. Never skips on CI. */
export function describeWithFirefox(name: string, declare: () => void): void {
  if (findFirefox() !== null || process.env.CI === 'true') describe(name, declare);
  else describe(name, () => it.skip(`skipped: there is no ${NAMES.join(' or ')} on PATH`));
}

function findFirefox(): string | null {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** What `prefers-color-scheme` is in Firefox: it cannot be told later. */
const SCHEMES = { dark: 0, light: 1 } as const;

/**
 * A Firefox with a profile of its own whose push service is the given one, or none. Every page may show notifications, and is drawn for
 * this scheme.
 */
export function launchFirefox(
  pushServer: MozillaPushServer | null,
  scheme: keyof typeof SCHEMES = 'light',
): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === null) throw new Error(`there is no ${NAMES.join(' or ')} on PATH`);
  return puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    // Notifications are windows of the browser itself.
    args: ['--remote-allow-system-access'],
    extraPrefsFirefox: {
      ...(pushServer !== null && { 'dom.push.serverURL': pushServer.webSocketUrl }),
      'dom.push.testing.allowInsecureServerURL': true,
      // Remote control would turn push off.
      'dom.push.connection.enabled': true,
      'dom.push.retryBaseInterval': 200,
      'permissions.default.desktop-notification': 1,
      // There is no notification daemon on a server.
      'alerts.useSystemBackend': false,
      'network.dns.disabled': true,
      'layout.css.prefers-color-scheme.content-override': SCHEMES[scheme],
    },
  });
}
