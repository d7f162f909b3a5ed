import type { Listed } from './listed-expression.ts';

/** What meets the lines of files that other push systems wrote, by file, as in `expressions.ts`. */
export const IMPORT_FILES: Readonly<Record<string, readonly Listed[]>> = {
  'commands/import/field-names.ts': [[/[^a-z0-9]/g, { repeated: '_' }]],
  'commands/import/import-line.ts': [
    [/[\0\ufffd\p{Surrogate}]/u, { repeated: 'a', tail: '\n' }],
    [/^[A-Za-z0-9_-]+:APA91[A-Za-z0-9_-]+$/, { repeated: 'APA91', tail: ':APA91\n' }],
    [/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/, { head: 'aa', repeated: '-a', tail: '\n' }],
    [/^\s*[[{]/, { repeated: ' ', tail: 'x' }],
    [/[,;|]/, { repeated: 'a', tail: '\n' }],
  ],
  'commands/import/input.ts': [[/\.(?:ndjson|jsonl)(?:\.gz)?$/i, { repeated: '.ndjson', tail: 'x' }]],
  'commands/import/instant-text.ts': [
    [/^\d{1,15}(?:\.\d{1,9})?$/, { repeated: '1', tail: 'x' }],
    [
      /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/,
      { head: '2024-01-01 10:00:00.', repeated: '1' },
    ],
  ],
  'commands/import/vapid-key-file.ts': [
    [/public[ _]?key["']?[ \t]*[:=]\s*["']?([A-Za-z0-9+/_-]{80,100}=*)/i, { repeated: 'publickey=' }],
    [/private[ _]?key["']?[ \t]*[:=]\s*["']?([A-Za-z0-9+/_-]{40,60}=*)/i, { repeated: 'privatekey=' }],
  ],
};
