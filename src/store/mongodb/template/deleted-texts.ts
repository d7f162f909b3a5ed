import { type DeletedTemplate, MOST_LOOKED_AT, namedUntilMs, unnamed } from '../../deleted-templates.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { LISTED } from '../collections/notification-queries.ts';
import { DELETED_TEMPLATES, TEMPLATE_VERSIONS } from '../collections/template-queries.ts';

const TEMPLATES_AT_ONCE = 100;

/**
 * Deletes the texts of templates deleted before the instant that no notification names. What says that they were deleted stays, and is
 * found no more: the mark goes last, so that whoever dies in between begins again.
 */
export async function deleteTexts(collections: Collections, beforeMs: number): Promise<void> {
  const { templates, notifications } = collections;
  const options = { ...optionsOf(DELETED_TEMPLATES), limit: TEMPLATES_AT_ONCE };
  const found = await templates.find(DELETED_TEMPLATES.filter(beforeMs), options).toArray();
  const deleted: DeletedTemplate[] = [];
  for (const { key, version, createdAtMs: deletedAtMs } of found) {
    const newest = await templates.findOne(
      TEMPLATE_VERSIONS.filter({ key, below: Number.MAX_SAFE_INTEGER }),
      optionsOf(TEMPLATE_VERSIONS),
    );
    // Kept anew under its key: then each version can be named again.
    if (newest?.version === version) deleted.push({ key, version, deletedAtMs });
    else await unmark(collections, { key, version });
  }
  if (deleted.length === 0) return;
  const span = { fromMs: null, untilMs: namedUntilMs(deleted), after: null };
  const older = await notifications
    .find(LISTED.filter(span), { ...optionsOf(LISTED), limit: MOST_LOOKED_AT + 1 })
    .toArray();
  const contents = older.map((document) => toNotification(document).content);
  for (const template of unnamed(deleted, contents)) {
    const filter = TEMPLATE_VERSIONS.filter({ key: template.key, below: template.version });
    await templates.deleteMany({ ...filter, wording: { $ne: null } }, { hint: optionsOf(TEMPLATE_VERSIONS).hint });
    await unmark(collections, template);
  }
}

async function unmark({ templates }: Collections, { key, version }: Pick<DeletedTemplate, 'key' | 'version'>) {
  await templates.updateOne({ _id: `${key} ${version}` }, { $unset: { deletedAtMs: 1 } });
}
