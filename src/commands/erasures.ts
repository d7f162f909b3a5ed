import { createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { AppError } from '../domain/app-error.ts';
import { printable } from '../domain/printable-text.ts';
import { askOwnService } from './own-service.ts';

type Listed = { readonly id: string; readonly user_digest: string; readonly erased_at: string };
type ListPage = { readonly key_id: string; readonly items: readonly Listed[]; readonly next_cursor: string | null };

const AT_ONCE = 1000;

/** `export` writes the list of erasures, `apply` has those in it erased again. Both through the Bellhop that runs here. */
export async function runErasures({ what, file }: { readonly what: string; readonly file: string }): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  if (what === 'export') return exportList(config, file);
  if (what === 'apply') return applyList(config, file);
  throw new ConfigError([`${printable(what)}: write export or apply.`]);
}

async function exportList(config: Config, file: string): Promise<number> {
  const lines: string[] = [];
  let cursor: string | null = null;
  do {
    const query = `?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: ListPage = await ask(config, 'GET', `/v1/erasures${query}`, null);
    if (lines.length === 0) lines.push(JSON.stringify({ list: 'bellhop erasures', key_id: page.key_id }));
    lines.push(...page.items.map((one) => JSON.stringify(one)));
    cursor = page.next_cursor;
  } while (cursor !== null);
  const text = `${lines.join('\n')}\n`;
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text, { mode: 0o600 });
  process.stderr.write(`${lines.length - 1} erasures listed. They name nobody.\n`);
  return 0;
}

async function applyList(config: Config, file: string): Promise<number> {
  let keyId: string | null = null;
  let erasures: Listed[] = [];
  let added = 0;
  const apply = async (): Promise<void> => {
    const answer = await ask<{ added: number }>(config, 'POST', '/v1/erasures/apply', { key_id: keyId, erasures });
    added += answer.added;
    erasures = [];
  };
  const input = file === '-' ? process.stdin : createReadStream(file);
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    const record = recordIn(line);
    if (keyId === null) keyId = keyIn(record);
    else
      erasures.push({ id: record.id ?? '', user_digest: record.user_digest ?? '', erased_at: record.erased_at ?? '' });
    if (erasures.length === AT_ONCE) await apply();
  }
  if (keyId === null) throw new ConfigError([NO_LIST]);
  await apply();
  process.stderr.write(`${added} people are looked for and erased again, in the background.\n`);
  return 0;
}

const NO_LIST = 'This is no list of erasures: bellhop erasures export makes one.';

type Line = Partial<Listed> & { readonly key_id?: string };

function recordIn(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    throw new ConfigError([NO_LIST]);
  }
}

function keyIn({ key_id: keyId }: Line): string {
  if (typeof keyId === 'string') return keyId;
  throw new ConfigError([NO_LIST]);
}

async function ask<Answer>(
  config: Config,
  method: 'GET' | 'POST',
  path: string,
  body: Readonly<Record<string, unknown>> | null,
): Promise<Answer> {
  const answer = await askOwnService(config, { method, path, body });
  if (answer !== null) return (await answer.body.json()) as Answer;
  throw new AppError(
    'store_unavailable',
    'No Bellhop runs here: start it first. After a restore it sends nothing before bellhop resume.',
  );
}
