import type { AppErrorCode } from '../../../src/domain/app-error.ts';
import { type BadInput, NOTIFICATIONS, notification } from './bad-notifications.ts';

const REPLAY = '/v1/deliveries/dlv_nothing/replay';
const MIB = 1024 * 1024;

const goodText = JSON.stringify(notification({}));

const notifyRaw = (
  what: string,
  body: string | Uint8Array,
  code: AppErrorCode,
  type = 'application/json',
): BadInput => [`body: ${what}`, code, 'POST', NOTIFICATIONS, { body, headers: { 'Content-Type': type } }];

/** A caller that goes away in the middle. */
function brokenOff(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.error(new Error('aborted'));
    },
  });
}

/** More than the limit, in chunks, with no length declared. */
function endlessChunks(): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      sent += 1;
      if (sent > 40) controller.close();
      else controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
    },
  });
}

export const BAD_BODIES: readonly BadInput[] = [
  notifyRaw('empty', '', 'malformed_json'),
  notifyRaw('blank', '   ', 'malformed_json'),
  notifyRaw('cut short', goodText.slice(0, -3), 'malformed_json'),
  notifyRaw('with more after it', `${goodText}x`, 'malformed_json'),
  notifyRaw('single quotes', "{'type':'x'}", 'malformed_json'),
  notifyRaw('NaN', '{"ttl_seconds":NaN}', 'malformed_json'),
  notifyRaw('a trailing comma', '{"type":"x",}', 'malformed_json'),
  notifyRaw('not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'malformed_json'),
  notifyRaw('a raw control character', '{"type":"\u0001"}', 'malformed_json'),
  notifyRaw('UTF-16', new Uint8Array(Buffer.from(goodText, 'utf16le')), 'malformed_json'),
  notifyRaw('null', 'null', 'invalid_request'),
  notifyRaw('a number', '5', 'invalid_request'),
  notifyRaw('a string', '"hello"', 'invalid_request'),
  notifyRaw('an array for an object', `[${goodText}]`, 'invalid_request'),
  notifyRaw('an empty object', '{}', 'invalid_request'),
  notifyRaw('a number that is Infinity', goodText.replace('{', '{"data":{"n":1e999},'), 'invalid_request'),
  notifyRaw('__proto__', goodText.replace('{', '{"__proto__":{"priority":"high"},'), 'invalid_request'),
  notifyRaw('__proto__ in data', goodText.replace('{', '{"data":{"__proto__":{}},'), 'invalid_request'),
  notifyRaw('constructor', goodText.replace('{', '{"constructor":{},'), 'invalid_request'),
  notifyRaw('33 levels', goodText.replace('{', `{"data":{"d":${'['.repeat(31)}${']'.repeat(31)}},`), 'invalid_request'),
  notifyRaw('100 000 arrays in each other', '['.repeat(100_000) + ']'.repeat(100_000), 'invalid_request'),
  notifyRaw('100 000 objects in each other', '{"a":'.repeat(100_000) + 1 + '}'.repeat(100_000), 'invalid_request'),
  notifyRaw('100 000 brackets never closed', '['.repeat(100_000), 'malformed_json'),
  notifyRaw('a million values', `[${'1,'.repeat(900_000)}1]`, 'invalid_request'),
  notifyRaw('over 2 MiB', ' '.repeat(2 * MIB + 1), 'body_too_large'),
  ['body: over 2 MiB in chunks', 'body_too_large', 'POST', NOTIFICATIONS, { body: endlessChunks() }],
  [
    'body: over 2 MiB, declared as 10 octets',
    'body_too_large',
    'POST',
    NOTIFICATIONS,
    { body: endlessChunks(), headers: { 'Content-Length': '10' } },
  ],
  [
    'body: declared as 3 MiB, sent as little',
    'body_too_large',
    'POST',
    NOTIFICATIONS,
    { body: goodText, headers: { 'Content-Length': String(3 * MIB) } },
  ],
  ['body: broken off', 'invalid_request', 'POST', NOTIFICATIONS, { body: brokenOff() }],
  notifyRaw('text/plain', goodText, 'unsupported_media_type', 'text/plain'),
  notifyRaw('a form', 'type=x', 'unsupported_media_type', 'application/x-www-form-urlencoded'),
  notifyRaw('a type that begins like JSON', goodText, 'unsupported_media_type', 'application/json-seq'),
  notifyRaw('JSON in another charset', goodText, 'unsupported_media_type', 'application/json; charset=utf-16'),
  notifyRaw('problem+json', goodText, 'unsupported_media_type', 'application/problem+json'),
  ['replay: an array', 'invalid_request', 'POST', REPLAY, { json: [] }],
  ['replay: ttl_seconds 0', 'invalid_request', 'POST', REPLAY, { json: { ttl_seconds: 0 } }],
  ['replay: an unknown field', 'invalid_request', 'POST', REPLAY, { json: { ttl: 5 } }],
  [
    'replay: not JSON',
    'malformed_json',
    'POST',
    REPLAY,
    { body: 'x', headers: { 'Content-Type': 'application/json' } },
  ],
];
