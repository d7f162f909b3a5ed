import type { AnyBulkWriteOperation, Document, PushOperator } from 'mongodb';
import type { DeliveryDocument } from '../collections/delivery-document.ts';
import { VERSION_OF_DELIVERIES, VERSION_OF_DELIVERY } from '../collections/delivery-queries.ts';
import { leaveToken, withToken } from '../server/write-token.ts';

/** A change to one row that is at this version. */
export type Write = {
  readonly id: string;
  readonly version: number;
  readonly token: string;
  readonly set: object;
  /** For a `$push`. */
  readonly push?: PushOperator<DeliveryDocument>;
  /** Whether it says so little that very many of it have room in one statement, of which there is none over 16 MB. */
  readonly isShort: boolean;
};

type Statement = AnyBulkWriteOperation<DeliveryDocument>;

/**
 * What to say to MongoDB, in as few statements as may be: it plans each anew whose condition is more than an id, which costs it as
 * much as the write itself. Short writes to rows at the same version are one statement, with a list of what each row gets.
 */
export function statementsOf(writes: readonly Write[]): Statement[] {
  const alone: Write[] = [];
  const alike = new Map<string, Write[]>();
  for (const write of writes) {
    const { version, push, set, isShort } = write;
    if (isShort && push === undefined) {
      const words = `${version} ${Object.keys(set).join(' ')}`;
      const group = alike.get(words);
      if (group === undefined) alike.set(words, [write]);
      else group.push(write);
    } else alone.push(write);
  }
  const groups = [...alike.values()];
  const several = groups.filter(({ length }) => length > 1).map(together);
  return [...[...alone, ...groups.filter(({ length }) => length === 1).flat()].map(statementOf), ...several];
}

function statementOf({ id, version, token, set, push = {} }: Write): Statement {
  const update = { $set: set, $inc: { version: 1 }, $push: { ...leaveToken(token), ...push } };
  return { updateOne: { filter: VERSION_OF_DELIVERY.filter({ id, version }), update } };
}

function together(rows: readonly Write[]): Statement {
  const ids = rows.map(({ id }) => id);
  const version = rows[0]?.version ?? 0;
  const own = (values: readonly unknown[]) => valueFor(ids, values);
  const sets = rows.map(({ set }) => set as Readonly<Record<string, unknown>>);
  const set = Object.keys(sets[0] ?? {}).map((name) => [name, own(sets.map((each) => each[name]))] as const);
  const token = own(rows.map((row) => row.token));
  const changed = { ...Object.fromEntries(set), version: { $add: ['$version', 1] }, ...withToken(token) };
  return { updateMany: { filter: VERSION_OF_DELIVERIES.filter({ ids, version }), update: [{ $set: changed }] } };
}

/** An expression that gives each row its own, or the one that all have. */
function valueFor(ids: readonly string[], values: readonly unknown[]): Document {
  const [first] = values;
  if (values.every((value) => isSame(value, first))) return { $literal: first };
  return { $arrayElemAt: [{ $literal: values }, { $indexOfArray: [{ $literal: ids }, '$_id'] }] };
}

function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (Array.isArray(one) && Array.isArray(other)) return one.length === 0 && other.length === 0;
  return one === other;
}
