import { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import type { Issue } from '../kit/json-body.ts';
import type { Line } from '../kit/lines.ts';
import { MAX_BODY_OCTETS } from '../kit/raw-body.ts';
import { type Read, readJson } from '../kit/request-input.ts';
import { invalidRequest, validate } from '../kit/validation.ts';
import {
  documentedNotificationBody,
  idempotencyKey,
  MOST_VALUES,
  notificationBody,
  notifyRequestOf,
} from './notification-schema.ts';

/** What is documented of a line: a notification, with its key beside it. */
export const lineSchema = z
  .strictObject({
    idempotency_key: idempotencyKey.optional().openapi({
      description: 'Makes this line safe to send again. A line without one that is sent twice goes out twice.',
    }),
    ...documentedNotificationBody.shape,
  })
  .openapi('BulkNotificationLine');

const ofKey = z.object({ idempotency_key: idempotencyKey.optional() });

/** What a line asks for, or what a call with it would be refused with. The key is null where there is none that can be used. */
export type LineRead = { readonly key: string | null } & (
  | { readonly request: NotifyRequest; readonly octets: Uint8Array }
  | { readonly error: AppError }
);

export function readLine({ octets }: Line): LineRead {
  if (octets === null) return { key: null, error: tooLong() };
  let key: string | null = null;
  const look = (parsed: unknown): Read => {
    if (!isObject(parsed)) return validate(notificationBody, parsed);
    const { idempotency_key: _, dry_run: __, ...rest } = parsed;
    const keyed = validate(ofKey, parsed);
    key = keyed.value?.idempotency_key ?? null;
    const { value, issues } = validate(notificationBody, rest);
    return { value, issues: [...keyed.issues, ...faultsOf(parsed), ...issues] };
  };
  try {
    const { value, issues } = readJson(octets, { part: 'line', mostValues: MOST_VALUES }, look);
    if (issues.length > 0) return { key, error: invalidRequest(issues) };
    return { key, request: notifyRequestOf(value as z.output<typeof notificationBody>), octets };
  } catch (error) {
    if (error instanceof AppError) return { key, error };
    throw error;
  }
}

function faultsOf(line: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (!Object.hasOwn(line, 'dry_run')) return [];
  return [{ path: 'dry_run', message: 'is not for lines: POST /v1/notifications/dry-run tells of one notification' }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tooLong(): AppError {
  return new AppError('body_too_large', `The line is over ${MAX_BODY_OCTETS} octets.`, {
    limit_octets: MAX_BODY_OCTETS,
  });
}
