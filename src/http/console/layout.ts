import { html } from 'hono/html';
import type { OperatorSession } from '../../domain/operator/operator.ts';

/** What a template gives. Text that is put into one is escaped. */
export type Html = ReturnType<typeof html>;

export type PageFrame = {
  readonly title: string;
  /** Null for who is not signed in. */
  readonly session: OperatorSession | null;
  /** The entry of the menu that this page belongs to. */
  readonly menu?: string;
  /** What was just done, in a sentence. */
  readonly done?: string | null;
  /** The page to which the browser goes on by itself. */
  readonly refreshTo?: string;
  readonly body: Html;
};

/** The menu: the page of each entry, by its name below `/console/`. */
const MENU: readonly (readonly [page: string, name: string])[] = [
  ['overview', 'Overview'],
  ['notifications', 'Notifications'],
  ['dead-letters', 'Dead letters'],
  ['services', 'Push services'],
  ['audiences', 'Audiences'],
  ['compose', 'Compose'],
  ['schedules', 'Schedules'],
  ['templates', 'Templates'],
  ['experiments', 'Experiments'],
  ['webhooks', 'Webhooks'],
  ['system', 'System'],
  ['audit', 'Audit'],
];

/**
 * A page of the console. All addresses in it are relative and one level deep, so it works below whatever path a proxy gives it.
 */
export function pageOf({ title, session, menu, done, refreshTo, body }: PageFrame): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
${refreshTo === undefined ? '' : html`<meta http-equiv="refresh" content="0; url=${refreshTo}">`}
<title>${title} · Bellhop</title>
<link rel="icon" href="bell.svg">
<link rel="stylesheet" href="base.css">
<link rel="stylesheet" href="console.css">
<link rel="stylesheet" href="forms.css">
<link rel="stylesheet" href="data.css">
<link rel="stylesheet" href="pictures.css">
<link rel="stylesheet" href="narrow.css">
<script type="module" src="console.js"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${session === null ? bareHeader() : header(session, menu)}
<main id="content" tabindex="-1">
${done ? html`<p class="done" role="status">${done}</p>` : ''}
${body}
</main>
</body>
</html>
`;
}

function bareHeader(): Html {
  return html`<header class="bar"><p class="brand"><img src="bell.svg" alt="" width="24" height="24"> Bellhop</p></header>`;
}

function header({ name, role }: OperatorSession, menu: string | undefined): Html {
  const current = (page: string) => (page === menu ? html` aria-current="page"` : '');
  return html`<header class="bar">
<p class="brand"><a href="overview"><img src="bell.svg" alt="" width="24" height="24"> Bellhop</a></p>
<form class="find" method="get" action="search" role="search" aria-label="Find a user or an id"><input name="q" type="search" aria-label="Search: a user or an id" placeholder="User or id" autocomplete="off" spellcheck="false"><button class="button">Find</button></form>
<form class="who" method="post" action="sign-out"><span>${name} <small>${role}</small></span> <button class="quiet">Sign out</button></form>
<nav aria-label="Console"><ul>${MENU.filter(([page]) => role === 'operator' || page !== 'compose').map(([page, label]) => html`<li><a href="${page}"${current(page)}>${label}</a></li>`)}</ul></nav>
</header>`;
}
