/** What was just done, by the word in the address: nobody can have other words said here. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['accepted', 'Accepted: it is on its way.'],
  ['backed-up', 'A backup was made.'],
  ['bulk-begun', 'It is being done. It goes on when you leave this page.'],
  ['bulk-cancelled', 'Called off: nothing more of it is begun.'],
  ['cancelled', 'Called off: nothing more of it is sent, but for what is under way.'],
  ['decided', 'The hold is decided.'],
  ['deleted', 'Deleted.'],
  ['disabled', 'Disabled: nothing is sent to it.'],
  ['enabled', 'Enabled: it is sent what happens from now on.'],
  ['event-replayed', 'The event is sent again. Reload the page to see what comes of it.'],
  ['paused', 'Sending is paused.'],
  ['replayed', 'It is sent again. Reload the page to see what comes of it.'],
  ['restored', 'Restored.'],
  ['resumed', 'Sending is on.'],
  ['rotated', 'A new key is in the data folder. Restart Bellhop: browsers subscribe with it from then on.'],
  ['saved', 'Saved.'],
  ['webhook-replayed', 'All events since then are sent again.'],
]);

/** A sentence for that word; null where there is none. */
export function doneWords(word: string | undefined): string | null {
  return word === undefined ? null : (WORDS.get(word) ?? null);
}
