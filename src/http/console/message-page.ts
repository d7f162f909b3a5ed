import { html } from 'hono/html';
import { type Html, pageOf } from './layout.ts';

type Message = {
  readonly title: string;
  readonly text: string;
  /** The page to go on with. */
  readonly next: string;
  readonly refreshes?: boolean;
};

/** A page of one sentence, for who is kept from what they wanted, or led on. */
export function messagePage({ title, text, next, refreshes = false }: Message): Html {
  const body = html`<section class="narrow card">
<h1>${title}</h1>
<p>${text}</p>
<p><a href="${next}">Go on</a></p>
</section>`;
  return pageOf({ title, session: null, body, ...(refreshes ? { refreshTo: next } : {}) });
}
