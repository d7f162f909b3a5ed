import { type Config, hasDemoPage } from '../config/config.ts';
import { VERSION } from '../config/environment.ts';
import type { Keys } from '../config/key-files.ts';
import { printable } from '../domain/printable-text.ts';
import { DEMO_PATH } from '../http/pages/demo.ts';

type Settings = Pick<Config, 'dataDir' | 'demoPage'>;

/** What a person at a terminal is told once the service is ready: where it is, and what it works with. */
export function greeting(
  address: string,
  config: Settings,
  { vapid, files, made }: Pick<Keys, 'vapid' | 'files' | 'made'>,
  /** Signs in whoever sits at this terminal; null where nobody is to be signed in so. */
  consoleLink: string | null = null,
): string {
  const secrets =
    files.length === 0
      ? 'in the environment'
      : `${files.join(', ')}${made.length > 0 ? ' (made now; keep a copy)' : ''}`;
  return [
    '',
    `  Bellhop ${VERSION} is ready`,
    '',
    `  API         ${address}`,
    ...(hasDemoPage(config) ? [`  Demo page   ${address}${DEMO_PATH}`] : []),
    ...(consoleLink === null
      ? []
      : [`  Console     ${consoleLink}`, '              (good once, for five minutes; then: bellhop console-link)']),
    `  Public key  ${vapid.publicKey}`,
    `  Secrets     ${secrets}`,
    `  Data        ${config.dataDir}`,
    '',
    '',
  ]
    .map(printable)
    .join('\n');
}
