import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../docs/decisions/', import.meta.url);
const records = readdirSync(FOLDER).sort();
const read = (record: string): string => readFileSync(new URL(record, FOLDER), 'utf8');

/** `accepted` or `superseded by` another, with the day; what of it a later record superseded comes behind it. */
const STATUS =
  /^Status: (accepted|superseded by \[\d{4}\]\([\w.-]+\)), 20\d\d-\d\d-\d\d(; .+ superseded by \[\d{4}\]\([\w.-]+\), 20\d\d-\d\d-\d\d)*$/;

describe('decision records', () => {
  it('have a number of their own each', () => {
    const numbers = records.map((record) => record.slice(0, 4));
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });

  it.each(records)('%s has its number in name and title, then a status with its date', (record) => {
    expect(record).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
    const [title, , status] = read(record).split('\n');
    expect(title).toMatch(new RegExp(`^# ${Number(record.slice(0, 4))}\\. \\S`));
    expect(status).toMatch(STATUS);
  });

  it.each(records)('%s links only to records that exist', (record) => {
    const links = [...read(record).matchAll(/\]\((\d{4}[\w.-]*)\)/g)].map(([, to]) => String(to));
    expect(links.filter((to) => !existsSync(new URL(to, FOLDER)))).toEqual([]);
  });
});
