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
