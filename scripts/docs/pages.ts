import { NAMES_OF_FILES } from '../../src/config/setting-values.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { deliveryStatesPage } from './delivery-states-page.ts';
import { operationsPage } from './operations-page.ts';

const MADE = '<!-- Made by `npm run docs` from the source; a test compares them. -->';

/** The pages that are made from the source, by path. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/delivery-states.md': () => deliveryStatesPage(MADE),
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
    'that begins with `BELLHOP_` refuses to start, with every problem in one message. A name that is nearly that of a setting,',
    'such as `VAPID_SUBJET`, is warned of where that setting is not set.',
    '',
    'So that a secret need not be in the environment, a file can hold it, alone on one line or as a PEM:',
    `${[...NAMES_OF_FILES].map((name) => `\`${name}\``).join(', ')} name one`,
    '(as Docker and Kubernetes provide secrets). A setting that is set both ways, or a file that cannot be read, refuses to start.',
    '',
    '| Name | Default | Meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
