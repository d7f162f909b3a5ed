import { html } from 'hono/html';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { address } from './parts.ts';
import { templateForm, wordingIn } from './template-form.ts';

/** What operators do with templates. */
export function addTemplateActions(routes: ConsoleRoutes, { templates }: ConsoleParts): void {
  routes.action(
    { name: 'put-template', operation: 'putTemplate', target: 'key' },
    async (_, form) => {
      const { key } = await templates.put(form.get('key'), wordingIn(form.get('key'), form.get('template')));
      return address('template', { key, done: 'saved' });
    },
    (form, error) => {
      const typed = { key: form.get('key'), text: form.get('template') };
      const again = templateForm({ ...typed, isNew: true, problem: error.message });
      const body = html`<p class="path"><a href="templates">Templates</a> › template</p>
<h1>Not saved</h1><section class="card">${again}</section>`;
      return { title: 'Templates', menu: 'templates', body };
    },
  );
  routes.action({ name: 'delete-template', operation: 'deleteTemplate', target: 'key' }, async (_, form) => {
    await templates.delete(form.get('key'));
    return 'templates?done=deleted';
  });
}
