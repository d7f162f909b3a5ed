import type { Wording } from '../../../domain/content/wording.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import { beforeVersion, cursorOfVersion, type TemplateStore, type TemplateVersion } from '../../template-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  TEMPLATE_VERSION,
  TEMPLATE_VERSIONS,
  TEMPLATES_LISTED,
  type TemplateDocument,
} from '../collections/template-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

export function mongoTemplates(collections: Collections, operations: Operations): TemplateStore {
  const { templates } = collections;
  return {
    add: (version) => operations.run(() => add(collections, version)),
    newest: (key) =>
      operations.run(async () => {
        const found = await newest(collections, key);
        return found === null ? null : toVersion(found);
      }),
    get: (key, version) =>
      operations.run(async () => {
        const filter = TEMPLATE_VERSION.filter(idOf({ key, version }));
        const found = await templates.findOne(filter, optionsOf(TEMPLATE_VERSION));
        return found === null ? null : toVersion(found);
      }),
    list: (query) => operations.run(() => list(collections, query)),
    versions: (query) => operations.run(() => versions(collections, query)),
    namings: (key, version) =>
      operations.run(async () => {
        const filter = TEMPLATE_VERSION.filter(idOf({ key, version }));
        return (await templates.findOne(filter, optionsOf(TEMPLATE_VERSION)))?.namings ?? 0;
      }),
    noteNaming: (keys) => operations.run(() => noteNaming(collections, keys)),
    remove: (deletion, namings) => operations.run(() => remove(collections, deletion, namings)),
  };
}

function idOf({ key, version }: Pick<TemplateVersion, 'key' | 'version'>): string {
  return `${key} ${version}`;
}

function toVersion({ key, version, wording, createdAtMs }: TemplateDocument): TemplateVersion {
  return { key, version, wording: wording === null ? null : (JSON.parse(wording) as Wording), createdAtMs };
}

/** What ended and lacks the version that says so is given it first: whoever deleted the template died, or is about to add it. */
async function newest(collections: Collections, key: string): Promise<TemplateDocument | null> {
  const filter = TEMPLATE_VERSIONS.filter({ key, below: Number.MAX_SAFE_INTEGER });
  for (;;) {
    const found = await collections.templates.findOne(filter, optionsOf(TEMPLATE_VERSIONS));
    if (found?.endedAtMs === undefined) return found;
    await add(collections, { key, version: found.version + 1, wording: null, createdAtMs: found.endedAtMs });
  }
}

async function noteNaming(collections: Collections, keys: readonly string[]): Promise<string | null> {
  for (const key of keys) {
    let isNoted = false;
    while (!isNoted) {
      const named = await newest(collections, key);
      if (named === null || named.wording === null) return key;
      const noted = await collections.templates.updateOne(
        { _id: named._id, endedAtMs: { $exists: false } },
        { $inc: { namings: 1 } },
      );
      isNoted = noted.matchedCount > 0;
    }
  }
  return null;
}

/**
 * The version before it says first that it has ended, if it was named no more often than was seen: one write to one document, which
 * naming the template writes to as well, so that one of the two is first. Another version that was added meanwhile makes it void.
 */
async function remove(
  collections: Collections,
  deletion: Omit<TemplateVersion, 'wording'>,
  namings: number,
): Promise<boolean> {
  const { key, version, createdAtMs } = deletion;
  const seen = namings === 0 ? { $exists: false } : namings;
  const ended = await collections.templates.updateOne(
    { _id: idOf({ key, version: version - 1 }), namings: seen, endedAtMs: { $exists: false } },
    { $set: { endedAtMs: createdAtMs } },
  );
  if (ended.matchedCount === 0) return false;
  if (await add(collections, { ...deletion, wording: null })) return true;
  const found = await collections.templates.findOne(
    TEMPLATE_VERSION.filter(idOf(deletion)),
    optionsOf(TEMPLATE_VERSION),
  );
  return found?.wording === null;
}

/** A version of this number that says the same was added by this very call, whose answer was lost. */
async function add({ templates }: Collections, version: TemplateVersion): Promise<boolean> {
  const { key, version: number, createdAtMs } = version;
  const wording = version.wording === null ? null : JSON.stringify(version.wording);
  try {
    const mark = wording === null ? { deletedAtMs: createdAtMs } : {};
    await templates.insertOne({ _id: idOf(version), key, version: number, wording, createdAtMs, ...mark });
    return true;
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
    return false;
  }
}

/** Key after key, so that however many versions one has, one of them is read. */
async function list({ templates }: Collections, { cursor, limit }: Parameters<TemplateStore['list']>[0]) {
  const found: TemplateDocument[] = [];
  let after = decodeName(cursor);
  while (found.length <= limit) {
    const newest = await templates.findOne(TEMPLATES_LISTED.filter(after), optionsOf(TEMPLATES_LISTED));
    if (newest === null) break;
    if (newest.wording !== null && newest.endedAtMs === undefined) found.push(newest);
    after = newest.key;
  }
  return toPage(found, limit, toVersion, ({ key }) => encodeName(key));
}

async function versions({ templates }: Collections, { key, cursor, limit }: Parameters<TemplateStore['versions']>[0]) {
  const filter = { ...TEMPLATE_VERSIONS.filter({ key, below: beforeVersion(cursor) }), wording: { $ne: null } };
  const found = await templates.find(filter, { ...optionsOf(TEMPLATE_VERSIONS), limit: limit + 1 }).toArray();
  return toPage(found, limit, toVersion, cursorOfVersion);
}
