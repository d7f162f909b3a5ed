import { request } from 'undici';
import type { Config } from '../../config/config.ts';
import { type Finding, ok, warning } from '../../domain/finding.ts';
import { ownAddress } from '../own-service.ts';

/** What listens beside a doctor answers in a moment, or is none of his business. */
const PATIENCE_MS = 3000;

/** Whether the Bellhop that runs here sends at all. Nothing is said where none runs. */
export async function checkSending(config: Pick<Config, 'host' | 'port'>): Promise<readonly Finding[]> {
  const address = ownAddress(config);
  if (address === null) return [];
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { body } = await request(`${address}/readyz`, { signal });
    const { problems } = (await body.json()) as { problems?: { sending?: string | null } };
    if (problems?.sending === undefined) return [];
    if (problems.sending === null) return [ok('sending', 'is on')];
    return [
      warning(
        'sending',
        'is paused: what comes is accepted and kept, and nothing is sent',
        'Say what becomes of what waits: bellhop resume --waiting=send, or --waiting=drop (docs/backup.md).',
      ),
    ];
  } catch {
    return [];
  }
}
