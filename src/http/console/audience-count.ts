import { AppError } from '../../domain/app-error.ts';
import type { Audience } from '../../domain/audience/audience.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import type { ConsoleParts } from './console-parts.ts';
import { laneName } from './lane-table.ts';
import { number } from './parts.ts';

/** How many an expression has, or everyone where it is empty, in a sentence. Throws `invalid_audience`. */
export async function countSentence({ audiences }: Pick<ConsoleParts, 'audiences'>, text: string): Promise<string> {
  const audience: Exclude<Audience, { kind: 'user_ids' }> =
    text === '' ? { kind: 'everyone', excludedIds: [] } : { kind: 'tags', text, excludedIds: [] };
  const { users, devices, isAtLeast } = await audiences.count(audience);
  const found = PUSH_SERVICES.filter((service) => devices[service] > 0);
  const total = found.reduce((sum, service) => sum + devices[service], 0);
  const by = found.map((service) => `${laneName(service)} ${number(devices[service])}`).join(', ');
  const counted = `${counting(users, 'user')} with ${counting(total, 'device')}`;
  return `${isAtLeast ? 'At least ' : ''}${counted}${by === '' ? '' : ` (${by})`}.`;
}

/** As `countSentence`, or what is wrong with the expression. */
export async function countText(parts: Pick<ConsoleParts, 'audiences'>, text: string): Promise<string> {
  try {
    return await countSentence(parts, text);
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_audience') return error.message;
    throw error;
  }
}

function counting(count: number, noun: string): string {
  return `${number(count)} ${count === 1 ? noun : `${noun}s`}`;
}
