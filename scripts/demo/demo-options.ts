import { parseArgs } from 'node:util';

/** What `npm run demo -- …` was asked for. */
export type DemoOptions = {
  /** Runs the service on Deno, from source. */
  readonly deno: boolean;
  /** Goes on afterwards, with a link to the console, until Ctrl-C. */
  readonly console: boolean;
  readonly redisUrl: string | null;
  readonly mongodbUrl: string | null;
};

const USAGE =
  'usage: npm run demo -- [--redis redis://host:6379/0] [--mongodb mongodb://host:27017] [--deno] [--console]';

/** The options, or a sentence that says what is wrong and how it is used. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        deno: { type: 'boolean' },
        console: { type: 'boolean' },
        redis: { type: 'string' },
        mongodb: { type: 'string' },
      },
    });
    const { deno = false, console = false, redis: redisUrl = null, mongodb: mongodbUrl = null } = values;
    return { deno, console, redisUrl, mongodbUrl };
  } catch (error) {
    return `${(error as Error).message.split('.')[0]}.\n${USAGE}`;
  }
}
