import { SETTINGS } from '../../src/config/settings.ts';
import { DELIVERY_STATES, FINAL_STATES } from '../../src/domain/delivery/delivery.ts';
import { deliveryMachine } from '../../src/domain/delivery/delivery-machine.ts';
import { operationsPage } from './operations-page.ts';

const MADE = '<!-- Made by `npm run docs` from the source; a test compares them. -->';

/** The pages that are made from the source, by path. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/delivery-states.md': deliveryStatesPage,
  'docs/operations.md': operationsPage,
};

function configurationPage(): string {
  const rows = Object.entries(SETTINGS).map(([name, { byDefault, meaning }]) => {
    const shown = byDefault === null || byDefault === '' ? '' : `\`${byDefault}\``;
    return `| \`${name}\` | ${shown} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  return [
    '# Configuration',
    '',
    MADE,
    '',
    'All of it comes from the environment, and all of it is optional. A `.env` file in the working folder is read too;',
    'the environment itself goes first. An empty value counts as unset. A malformed value, half a key pair, or a name',
    'that begins with `BELLHOP_` refuses to start, with every problem in one message.',
    '',
    '| Name | Default | Meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const MEANINGS: Readonly<Record<(typeof DELIVERY_STATES)[number], string>> = {
  pending: 'Waiting for its first attempt, or for its first after a replay.',
  sending: 'A worker holds the lease and an attempt is under way.',
  retrying: 'An attempt failed in a way that may pass; waiting for the next.',
  delivered: 'Accepted by the push service. Not proof that a screen showed it: no push service tells that.',
  pruned: 'The push service answered 404 or 410; the subscription is retired.',
  failed: 'A dead letter: retries spent, or refused for good. Can be replayed.',
  expired: 'Its deadline passed before the push service took it, or would pass before the next try. Can be replayed.',
  cancelled: 'Not sent, because its subscription was deleted or retired meanwhile.',
};

function deliveryStatesPage(): string {
  const edges = DELIVERY_STATES.flatMap((from) => edgesFrom(from));
  const isFinal = (state: string): boolean => (FINAL_STATES as readonly string[]).includes(state);
  return [
    '# Delivery states',
    '',
    MADE,
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> pending',
    ...edges.map(({ from, to, event }) => `  ${from} --> ${to}: ${event}`),
    '```',
    '',
    '| State | Final | Meaning |',
    '|---|---|---|',
    ...DELIVERY_STATES.map((state) => `| \`${state}\` | ${isFinal(state) ? 'yes' : ''} | ${MEANINGS[state]} |`),
    '',
  ].join('\n');
}

const EVENT_NAMES: Readonly<Record<string, string>> = {
  'xstate.done.actor.send': 'answer',
  'xstate.error.actor.send': 'send broke',
};

/** The machine's transitions out of one state, one line for each event that leads to the same state. */
function edgesFrom(from: string): { from: string; to: string; event: string }[] {
  const node = deliveryMachine.states[from];
  const transitions = [...(node?.transitions ?? [])].flatMap(([event, found]) => found.map((one) => ({ event, one })));
  const events = new Map<string, Set<string>>();
  for (const { event, one } of transitions) {
    const to = one.target?.[0]?.key ?? from;
    events.set(to, (events.get(to) ?? new Set()).add(EVENT_NAMES[event] ?? event));
  }
  return [...events].map(([to, names]) => ({ from, to, event: [...names].join(', ') }));
}
