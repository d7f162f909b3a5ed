import type { OutboxEvent } from './outbox-event.ts';

/** An event as others are told of it: by the API, its stream and webhooks alike. */
export type EventWire = {
  readonly sequence: number;
  readonly id: string;
  readonly type: OutboxEvent['type'];
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Names in snake_case, instants in ISO 8601. */
export function eventWire({ sequence, id, type, atMs, data }: OutboxEvent): EventWire {
  const fields = Object.entries(data).map(([name, value]) =>
    name.endsWith('AtMs') && typeof value === 'number'
      ? [snakeCase(name.slice(0, -'Ms'.length)), isoOf(value)]
      : [snakeCase(name), value],
  );
  return { sequence, id, type, at: isoOf(atMs), data: Object.fromEntries(fields) };
}

function isoOf(atMs: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: a given instant is written out, and no clock is read.
  return new Date(atMs).toISOString();
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
