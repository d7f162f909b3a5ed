/** A `docker run` of a page: its options in order, the image, and what it runs. */
export type DockerRun = {
  readonly options: readonly (readonly [name: string, value: string | null])[];
  readonly image: string;
  readonly command: readonly string[];
};

/** Those that our pages use, by their long names, and whether they take a value. */
const OPTIONS: Readonly<Record<string, boolean>> = {
  detach: false,
  rm: false,
  'read-only': false,
  'cap-drop': true,
  env: true,
  'log-driver': true,
  'log-opt': true,
  name: true,
  publish: true,
  restart: true,
  'security-opt': true,
  'stop-timeout': true,
  tmpfs: true,
  volume: true,
};
const SHORT: Readonly<Record<string, string>> = { d: 'detach', e: 'env', p: 'publish', v: 'volume' };

/** Each `docker run` of a text. Throws where one has an option that is not known here, or no image. */
export function dockerRunsIn(text: string): readonly DockerRun[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.filter((line) => line.startsWith('docker run ')).map((line) => parse(line.split(/\s+/).slice(2)));
}

function parse(words: readonly string[]): DockerRun {
  const options: [string, string | null][] = [];
  const rest = [...words];
  while (rest[0]?.startsWith('-') === true) {
    const [given = '', joined] = (rest.shift() ?? '').replace(/^--?/, '').split(/=(.*)/s);
    const name = SHORT[given] ?? given;
    const takesValue = OPTIONS[name];
    if (takesValue === undefined) throw new Error(`docker run has no option ${given} that is known here`);
    const value = takesValue ? (joined ?? rest.shift()) : null;
    if (value === undefined) throw new Error(`${name} has no value`);
    options.push([name, value]);
  }
  const [image, ...command] = rest;
  if (image === undefined) throw new Error('docker run without an image');
  return { options, image, command };
}
