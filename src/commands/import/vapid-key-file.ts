import { readText } from '../../config/environment.ts';
import { readVapidPair, type VapidKeyPair, vapidPublicKeyOf } from '../../domain/push-service/vapid-key.ts';
import { UnreadableFile } from './entry.ts';

/**
 * The pair in a file of another system: JSON or the text of `web-push generate-vapid-keys`, lines of a `.env`, or a PEM with the
 * private key. Throws UnreadableFile, which holds no key.
 */
export function readVapidKeyFile(path: string): VapidKeyPair {
  let text: string;
  try {
    text = readText(path).trim();
  } catch (error) {
    throw new UnreadableFile(`${path} cannot be read (${(error as { code?: string }).code ?? 'unknown'}).`);
  }
  const { publicKey, privateKey } = halvesIn(text);
  const known = publicKey ?? (privateKey === null ? null : vapidPublicKeyOf(privateKey));
  if (privateKey === null || known === null) {
    throw new UnreadableFile(
      `${path} has no VAPID pair: give it as {"publicKey": "…", "privateKey": "…"}, or the private key as PEM.`,
    );
  }
  const reading = readVapidPair({ publicKey: known, privateKey });
  if (reading.kind === 'problem') throw new UnreadableFile(`${path}: ${reading.problem}`);
  return reading.pair;
}

type Halves = { readonly publicKey: string | null; readonly privateKey: string | null };

function halvesIn(text: string): Halves {
  if (text.startsWith('{')) return halvesOfJson(text);
  if (text.startsWith('-----BEGIN ')) return { publicKey: null, privateKey: text };
  const after = (name: RegExp): string | null => name.exec(text)?.[1] ?? null;
  return {
    publicKey: after(/public[ _]?key["']?[ \t]*[:=]\s*["']?([A-Za-z0-9+/_-]{80,100}=*)/i),
    privateKey: after(/private[ _]?key["']?[ \t]*[:=]\s*["']?([A-Za-z0-9+/_-]{40,60}=*)/i),
  };
}

function halvesOfJson(text: string): Halves {
  try {
    const { publicKey, privateKey, public_key, private_key } = JSON.parse(text) as Record<string, unknown>;
    const [open, secret] = [publicKey ?? public_key, privateKey ?? private_key];
    return {
      publicKey: typeof open === 'string' ? open : null,
      privateKey: typeof secret === 'string' ? secret : null,
    };
  } catch {
    return { publicKey: null, privateKey: null };
  }
}
