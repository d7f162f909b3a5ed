import type { AnyBulkWriteOperation, Document, PushOperator } from 'mongodb';
import type { DeliveryDocument } from '../collections/delivery-document.ts';
import { VERSION_OF_DELIVERIES, VERSION_OF_DELIVERY } from '../collections/delivery-queries.ts';
import { leaveToken, withToken } from '../server/write-token.ts';

/** One change to all of these rows that are at this version. */
export type Write = {
  readonly ids: readonly string[];
  readonly version: number;
  readonly token: string;
  readonly set: object;
  /** For a `$push`. */
  readonly push?: PushOperator<DeliveryDocument>;
  /** Whether it says so little that very many of it have room in one statement, of which there is none over 16 MB. */
  readonly isShort?: boolean;
};

type Statement = AnyBulkWriteOperation<DeliveryDocument>;
/** A write to one row, which may be said together with others. */
type Row = { readonly id: string; readonly token: string; readonly set: Readonly<Record<string, unknown>> };

/**
 * What to say to MongoDB, in as few statements as may be: it plans each anew whose condition is more than an id, which costs it as
 * much as the write itself. Short writes to single rows that are at the same version are one statement, with a list of what each
 * row gets.
 */
export function statementsOf(writes: readonly Write[]): Statement[] {
  const statements: Statement[] = [];
  const alike = new Map<string, { readonly version: number; readonly rows: Row[] }>();
  for (const write of writes) {
    const { ids, version, token, push, isShort = false } = write;
    const [id, ...others] = ids;
    if (!isShort || push !== undefined || id === undefined || others.length > 0) {
      statements.push(statementOf(write));
      continue;
    }
    const set = write.set as Row['set'];
    const words = `${version} ${Object.keys(set).join(' ')}`;
    const group = alike.get(words) ?? { version, rows: [] };
    group.rows.push({ id, token, set });
    alike.set(words, group);
  }
  for (const { version, rows } of alike.values()) statements.push(together(version, rows));
  return statements;
}

function statementOf({ ids, version, token, set, push = {} }: Write): Statement {
  const update = { $set: set, $inc: { version: 1 }, $push: { ...leaveToken(token), ...push } };
  const [id, ...others] = ids;
  return others.length > 0 || id === undefined
    ? { updateMany: { filter: VERSION_OF_DELIVERIES.filter({ ids, version }), update } }
    : { updateOne: { filter: VERSION_OF_DELIVERY.filter({ id, version }), update } };
}

function together(version: number, rows: readonly Row[]): Statement {
  const [first] = rows;
  if (rows.length === 1 && first !== undefined) {
    return statementOf({ ids: [first.id], version, token: first.token, set: first.set });
  }
  const ids = rows.map(({ id }) => id);
  const own = (values: readonly unknown[]) => valueFor(ids, values);
  const set = Object.keys(first?.set ?? {}).map((name) => [name, own(rows.map((row) => row.set[name]))] as const);
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
