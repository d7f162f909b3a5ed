import { z } from '@hono/zod-openapi';
import type { Backups } from '../../intake/backups.ts';
import type { Backup } from '../../store/backup-store.ts';
import { answerBody } from '../kit/answer-schema.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

const BACKUPS_PATH = '/v1/backups';
const MOST_SEALED_CHARACTERS = 65_536;

/** While a backup of gigabytes is made, nothing moves on the connection. */
const PATIENCE_MS = 3_600_000;

const backupSchema = answerBody('Backup', {
  name: z.string().openapi({ example: 'bellhop-2026-01-31T12-00-00.000Z.db' }),
  octets: z.int(),
  made_at: instant,
});
const backupList = answerBody('BackupList', { items: z.array(backupSchema) });

const listRoute = defineRoute({
  method: 'get',
  path: BACKUPS_PATH,
  operationId: 'listBackups',
  tag: 'Backups',
  summary: 'List the backups in BACKUP_DIR, newest first',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'The backups.', body: backupList } },
  errors: [],
});

const callSchema = z
  .strictObject({
    destination: z.enum(['answer', 'folder']).optional().openapi({
      description: '`answer`, as without it: the body of the answer. `folder`: a file in BACKUP_DIR.',
    }),
    sealed_keys: z.string().min(1).max(MOST_SEALED_CHARACTERS).optional().openapi({
      description: 'Kept in the backup as it is: keys that the caller encrypted (`bellhop backup --with-keys`).',
    }),
  })
  .openapi('BackupRequest');

const makeRoute = defineRoute({
  method: 'post',
  path: BACKUPS_PATH,
  operationId: 'makeBackup',
  tag: 'Backups',
  summary: 'Make a backup while everything goes on',
  description:
    'A whole SQLite file of all that was accepted before the call. It holds the endpoints and keys of all subscriptions: ' +
    'whoever has it and the VAPID key can push to them. It holds no VAPID key and no API secret. A store that is started ' +
    'on it sends nothing before somebody decides.',
  access: 'key',
  scope: 'manage',
  body: {
    required: false,
    example: { destination: 'folder' },
    schema: callSchema,
  },
  answers: {
    200: {
      description: 'The backup.',
      mediaType: 'application/octet-stream',
      headers: { 'Content-Length': 'Its size: where less comes, the backup is not whole.' },
      body: z.custom<ReadableStream<Uint8Array>>().openapi({ type: 'string', format: 'binary' }),
    },
    201: { description: 'The backup is in BACKUP_DIR.', body: backupSchema },
  },
  errors: ['invalid_request', 'backup_unavailable', 'backup_under_way'],
});

/** Copies of the embedded store, made beside everything else. */
export function addBackupRoutes(router: Router, backups: Backups): void {
  router.add(listRoute, async () => answer(200, { items: (await backups.list()).map(backupWire) }));
  router.add(makeRoute, async ({ body }, c) => {
    waitForLong(c);
    const sealedKeys = body?.sealed_keys ?? null;
    if (body?.destination === 'folder') return answer(201, backupWire(await backups.make(sealedKeys)));
    const { octets, content } = await backups.take(sealedKeys);
    return answer(200, ReadableStream.from(content), { 'Content-Length': String(octets) });
  });
}

function waitForLong(c: ApiContext): void {
  c.env?.incoming?.socket.setTimeout(PATIENCE_MS);
}

function backupWire({ name, octets, madeAtMs }: Backup): z.output<typeof backupSchema> {
  return { name, octets, made_at: isoOf(madeAtMs) };
}
