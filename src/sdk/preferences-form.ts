import type {
  BellhopPreferences,
  PreferencesChoice,
  PreferencesFormOptions,
  PreferencesTexts,
  Wishes,
  WishesPatch,
} from './wishes.ts';

const ENGLISH: PreferencesTexts = {
  types: 'Notify me about',
  quietHours: 'Quiet hours',
  isQuiet: 'Send me nothing at these times',
  from: 'From',
  until: 'Until',
  sameTime: 'Choose another time than the one at which it begins.',
  pause: 'Pause all notifications',
  notPaused: 'Not paused',
  pausedUntil: 'Paused until',
  hour: 'For one hour',
  day: 'For one day',
  week: 'For one week',
  save: 'Save',
  loading: 'Loading …',
  saving: 'Saving …',
  saved: 'Saved.',
  failed: 'That did not work:',
};

const HOUR_MS = 3_600_000;
/** The value of the choice that leaves a pause as it is. */
const KEPT = 'kept';

/** A part of the form: shows what holds, and says what the person changed since. */
type Part = {
  readonly element: HTMLElement;
  show(wishes: Wishes): void;
  change(wishes: Wishes): WishesPatch;
};

/**
 * A form with which the person who is signed in says what to be notified of, and when. It reads what holds, and on “Save” sends what
 * was changed. Without styles of its own; what happens is told to screen readers, too (`role="status"`). It sets no HTML and no
 * style, so that it works under any policy of the page.
 */
export function preferencesForm(preferences: BellhopPreferences, options: PreferencesFormOptions): HTMLFormElement {
  const texts = { ...ENGLISH, ...options.texts };
  const parts = [
    typesPart(options.types, texts),
    ...(options.quietHours === false ? [] : [quietHoursPart(texts)]),
    ...(options.pause === false ? [] : [pausePart(texts)]),
  ];
  const fields = make('fieldset', { disabled: true }, ...parts.map(({ element }) => element));
  fields.append(make('button', { type: 'submit', textContent: texts.save }));
  const status = make('p', {});
  status.setAttribute('role', 'status');
  const form = make('form', {}, fields, status);
  let shown: Wishes | null = null;
  let isBusy = false;

  const run = async (saying: string, done: string, task: () => Promise<Wishes>): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    status.textContent = saying;
    try {
      shown = await task();
      for (const part of parts) part.show(shown);
      fields.disabled = false;
      status.textContent = done;
    } catch (error) {
      status.textContent = `${texts.failed} ${error instanceof Error ? error.message : error}`;
    } finally {
      isBusy = false;
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const holds = shown;
    if (holds === null) return;
    const patch = Object.assign({}, ...parts.map((part) => part.change(holds))) as WishesPatch;
    void run(texts.saving, texts.saved, () =>
      Object.keys(patch).length === 0 ? preferences.get() : preferences.set(patch),
    );
  });
  void run(texts.loading, '', () => preferences.get());
  return form;
}

function typesPart(types: readonly PreferencesChoice[], texts: PreferencesTexts): Part {
  const boxes = types.map(({ pattern, label, isWantedByDefault = true }) => {
    const box = make('input', { type: 'checkbox', name: 'type', value: pattern });
    const holds = ({ preferences }: Wishes): boolean => wishOf(preferences, pattern) ?? isWantedByDefault;
    return { pattern, box, holds, line: labelled(box, label) };
  });
  return {
    element: group(texts.types, ...boxes.map(({ line }) => line)),
    show(wishes) {
      for (const { box, holds } of boxes) box.checked = holds(wishes);
    },
    change(wishes) {
      const changed = boxes.filter(({ box, holds }) => box.checked !== holds(wishes));
      if (changed.length === 0) return {};
      return { preferences: Object.fromEntries(changed.map(({ pattern, box }) => [pattern, box.checked])) };
    },
  };
}

/** What was said of the pattern, or else of the longest one that is wider: of `a.b` or `a.b.*` there is `a.*`, and `*`. */
function wishOf(said: Wishes['preferences'], pattern: string): boolean | undefined {
  if (Object.hasOwn(said, pattern)) return said[pattern];
  const name = pattern.endsWith('.*') ? pattern.slice(0, -2) : pattern;
  const dot = name.lastIndexOf('.');
  if (dot > 0) return wishOf(said, `${name.slice(0, dot)}.*`);
  return Object.hasOwn(said, '*') ? said['*'] : undefined;
}

function quietHoursPart(texts: PreferencesTexts): Part {
  const isQuiet = make('input', { type: 'checkbox', name: 'quiet' });
  const from = make('input', { type: 'time', name: 'from', value: '22:00', required: true });
  const until = make('input', { type: 'time', name: 'until', value: '07:00', required: true });
  const check = (): void => {
    from.disabled = !isQuiet.checked;
    until.disabled = !isQuiet.checked;
    until.setCustomValidity(from.value === until.value ? texts.sameTime : '');
  };
  const lines = [labelled(isQuiet, texts.isQuiet), labelled(from, texts.from), labelled(until, texts.until)];
  const element = group(texts.quietHours, ...lines);
  element.addEventListener('input', check);
  return {
    element,
    show({ quiet_hours: holds }) {
      isQuiet.checked = holds !== null;
      if (holds !== null) [from.value, until.value] = [holds.from, holds.until];
      check();
    },
    change({ quiet_hours: holds }) {
      if (!isQuiet.checked) return holds === null ? {} : { quiet_hours: null };
      const isSame = holds?.from === from.value && holds.until === until.value;
      // The days are another page's.
      return isSame ? {} : { quiet_hours: { ...holds, from: from.value, until: until.value } };
    },
  };
}

function pausePart(texts: PreferencesTexts): Part {
  const select = make('select', { name: 'pause' });
  const choice = (value: string, text: string) => make('option', { value, textContent: text });
  return {
    element: labelled(select, texts.pause),
    show({ paused_until: holds }) {
      const isPaused = holds !== null && Date.parse(holds) > Date.now();
      select.replaceChildren(
        ...(isPaused ? [choice(KEPT, `${texts.pausedUntil} ${new Date(holds).toLocaleString()}`)] : []),
        choice('', texts.notPaused),
        choice('1', texts.hour),
        choice('24', texts.day),
        choice('168', texts.week),
      );
    },
    change({ paused_until: holds }) {
      const { value } = select;
      if (value === KEPT || (value === '' && holds === null)) return {};
      const hours = Number(value);
      return { paused_until: hours === 0 ? null : new Date(Date.now() + hours * HOUR_MS).toISOString() };
    },
  };
}

function group(title: string, ...lines: readonly HTMLElement[]): HTMLFieldSetElement {
  return make('fieldset', {}, make('legend', { textContent: title }), ...lines);
}

/** A box before its text, any other field after its; each on a line of its own. */
function labelled(field: HTMLInputElement | HTMLSelectElement, text: string): HTMLElement {
  const isBox = field.type === 'checkbox';
  const label = make('label', {});
  label.append(...(isBox ? [field, ` ${text}`] : [`${text} `, field]));
  return make('p', {}, label);
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
  ...children: readonly Node[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
