import { MongoNetworkError, MongoServerError } from 'mongodb';
import { expect, it } from 'vitest';
import { toStorageError } from '../../../../src/store/mongodb/server/mongo-error.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('as it came'), { code, ...more });

it.each([
  ['of the driver', new MongoNetworkError('closed')],
  ['of a socket', coded('ECONNRESET', { syscall: 'read' })],
  ['of a socket that the server ended before it was written to', coded('EPIPE')],
  ['of a stream that is gone', coded('ERR_STREAM_DESTROYED')],
  ['of an election', new MongoServerError({ message: 'not primary', code: 10107 })],
])('an error %s says that MongoDB is away', (_, error) => {
  expect(toStorageError(error)).toMatchObject({ code: 'store_unavailable', cause: error });
});

it.each([
  [new TypeError('a defect of ours')],
  [coded('ERR_INVALID_ARG_TYPE')],
  [new MongoServerError({ message: 'bad', code: 2 })],
])('a defect stays one: %s', (error) => {
  expect(toStorageError(error)).toBe(error);
});

it.each([
  [14031, 'available disk space is less than required', /no room left on its disk/],
  [371, 'User writes blocked', /takes no writes: its disk is nearly full/],
  [8000, 'you are over your space quota, using 513 MB of 512 MB', /no room left on its disk/],
  [13, 'not authorized on bellhop to execute command', /refuses the user of MONGODB_URL/],
])('code %i says what to do', (code, message, words) => {
  const seen = toStorageError(new MongoServerError({ message, code }));
  expect(seen).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(words) });
});
