import type { ErasedPerson } from '../../../domain/erasure/erasure.ts';
import type { ErasedLately } from '../../../domain/erasure/traces.ts';

/** Far more than are erased while a page of a fan-out is on its way. */
const MOST_REMEMBERED = 1000;

/** Who was erased lately. This process alone makes pages, and one that was read before is committed within moments. */
export class ErasedMemory {
  private readonly people = new Map<string, ErasedPerson>();

  get lately(): ErasedLately {
    return this.people;
  }

  note(person: ErasedPerson): void {
    this.people.delete(person.userId);
    this.people.set(person.userId, person);
    const [first] = this.people.keys();
    if (first !== undefined && this.people.size > MOST_REMEMBERED) this.people.delete(first);
  }
}
