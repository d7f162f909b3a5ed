import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { Notification } from '../../domain/notification/notification.ts';
import type { ExperimentAccount } from '../../intake/experiments.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { variantTable } from './experiment-table.ts';
import type { Html } from './layout.ts';
import { address, facts, more, number, table, time } from './parts.ts';

const ROWS = 50;
const VERDICTS = { winner: 'delivered', open: 'held', suspicious: 'failed' } as const;

/** Something said in several ways: all of it, and what one came to. */
export function addExperimentPages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('experiments', async (visit) => {
    const page = await parts.experiments.list({ cursor: visit.query('cursor') || null, limit: ROWS });
    const body = html`<h1>Experiments</h1>
<p class="lead">What was said in several ways, and which does better. They begin with a notification that says it in several ways: in Compose, or by the API with <code>variants</code>.</p>
${listTable(page.items)}${more('experiments', {}, page.next)}`;
    return { title: 'Experiments', menu: 'experiments', body };
  });
  routes.page('experiment', async (visit) => {
    const account = await parts.experiments.get(visit.query('key'));
    const { key } = account.experiment.terms;
    const body = html`<p class="path"><a href="experiments">Experiments</a> › experiment</p>
<h1>${key}</h1>
<section class="verdict ${VERDICTS[account.decision.kind]}" aria-label="What can be said"><p class="says">${account.sentence}</p>
<p>Look as often as you like: that does it no harm.</p></section>
<section><h2>Variants</h2>${variantTable(account)}</section>
<section class="card"><h2>Facts</h2>${factsOf(account)}</section>`;
    return { title: `Experiment ${key}`, menu: 'experiments', body };
  });
}

function listTable(accounts: readonly ExperimentAccount[]): Html {
  return table({
    caption: 'Experiments, newest first',
    columns: [['Experiment'], ['What can be said', 'wide'], ['Users', 'number'], ['Begun']],
    rows: accounts.map(({ experiment, sentence, variants }) => [
      html`<a href="${address('experiment', { key: experiment.terms.key })}">${experiment.terms.key}</a>`,
      sentence,
      number(variants.reduce((sum, { users }) => sum + users, 0)),
      time(experiment.createdAtMs),
    ]),
    empty: 'There is none yet.',
  });
}

function factsOf({ experiment, hasSampleRatio }: ExperimentAccount): Html {
  const { terms, notificationId, decided, createdAtMs } = experiment;
  const { testPercent, decideAfterSeconds, ifInconclusive } = terms;
  return facts([
    ['Compared', terms.metric],
    ['Get nothing', `${terms.holdoutPercent} %`],
    ['Shares', hasSampleRatio ? 'as the weights say' : 'not as the weights say'],
    ['Test', testPercent === null ? null : `${testPercent} %, decided after ${number(decideAfterSeconds ?? 0)} s`],
    ['If nothing can be said', testPercent === null ? null : IF_INCONCLUSIVE[ifInconclusive]],
    ['Decided', decided === null ? null : time(decided.atMs)],
    ['Won then', decided === null ? null : (decided.winner ?? 'none')],
    ['The others got', decided === null ? null : (decided.sends ?? 'nothing')],
    ['Begun', time(createdAtMs)],
    [
      'Notification',
      notificationId === null
        ? null
        : html`<a href="${address('notification', { id: notificationId })}"><code>${notificationId}</code></a>`,
    ],
  ]);
}

const IF_INCONCLUSIVE = { stop: 'the others get nothing', send_heaviest: 'the others get the heaviest' } as const;

/** What a notification says in several ways, and what can be said of it. Nothing where it says one thing to all. */
export async function experimentSection(
  { experiments }: ConsoleParts,
  { content }: Notification,
  seesContent: boolean,
): Promise<Html | string> {
  const { experiment } = content;
  if (experiment === undefined) return '';
  const account = await experiments.get(experiment.key).catch(forgotten);
  const link = html`<a href="${address('experiment', { key: experiment.key })}">${experiment.key}</a>`;
  return html`<section><h2>In several ways</h2>
<p class="lead">${account === null ? `Experiment ${experiment.key}, of which nothing is kept any more.` : html`Experiment ${link}: ${account.sentence}`}</p>
${account === null ? '' : variantTable(account)}${seesContent ? saidTable(experiment) : ''}</section>`;
}

function saidTable({ variants }: NonNullable<Notification['content']['experiment']>): Html {
  return table({
    caption: 'What each variant says',
    columns: [['Variant'], ['Title', 'wide'], ['Text', 'wide']],
    rows: variants.map(({ key, content }) => {
      const { title, body = '–' } = content.worded?.shown ?? content;
      return [key, title, body];
    }),
    empty: '',
  });
}

function forgotten(error: unknown): null {
  if (error instanceof AppError && error.code === 'experiment_not_found') return null;
  throw error;
}
