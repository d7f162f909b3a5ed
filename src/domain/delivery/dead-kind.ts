import type { DeadLetterFacts } from './dead-letter-filter.ts';
import type { Delivery } from './delivery.ts';

/**
 * What a dead letter is chosen by, as one text. Of kinds there are few however many dead letters there are, so whoever looks for some chooses
 * among kinds, and finds the dead letters of those by an index.
 */
export type DeadKind = string;

export function deadKindOf({ reason, origin, attempts }: Delivery, type: string | null): DeadKind {
  return JSON.stringify([reason, origin, type, attempts.at(-1)?.remedy ?? null]);
}

export function factsOfKind(kind: DeadKind): DeadLetterFacts {
  const [reason, origin, type, remedy] = JSON.parse(kind) as [
    DeadLetterFacts['reason'],
    string,
    string | null,
    string | null,
  ];
  return { reason, origin, type, remedy };
}
