import type { EventDraft, EventType } from '../domain/event/outbox-event.ts';

/** Which events a store writes, and by whose clock where nothing else says when something happened. */
export type OutboxTerms = { readonly types: readonly EventType[]; readonly clock: { now(): number } };

/** Those of these events that are to be written. */
export class OutboxPolicy {
  private readonly types: ReadonlySet<EventType>;
  private readonly clock: OutboxTerms['clock'];

  constructor({ types, clock }: OutboxTerms) {
    this.types = new Set(types);
    this.clock = clock;
  }

  now(): number {
    return this.clock.now();
  }

  tells(type: EventType): boolean {
    return this.types.has(type);
  }

  wanted(drafts: readonly (EventDraft | null)[]): readonly EventDraft[] {
    return drafts.filter((draft): draft is EventDraft => draft !== null && this.tells(draft.type));
  }
}
