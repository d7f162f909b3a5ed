import type { NotificationAction } from './shown-content.ts';
import type { LocaleText } from './wording.ts';

/** `text`: any pattern. `link`: a pattern whose rendered text is a link. */
type FieldKind = 'text' | 'link';

/** A pattern and where it stands. */
export type PatternField = { readonly path: string; readonly kind: FieldKind; readonly pattern: string };

const TEXTS = ['title', 'body'] as const;
const LINKS = ['url', 'icon', 'image', 'badge'] as const;

/** All patterns of a locale’s text. */
export function patternFieldsOf(text: LocaleText): readonly PatternField[] {
  const fields: PatternField[] = [];
  mapPatterns(text, (path, kind, pattern) => {
    fields.push({ path, kind, pattern });
    return pattern;
  });
  return fields;
}

/** The text with each pattern replaced. Fields that hold no pattern stay as they are. */
export function mapPatterns(
  text: LocaleText,
  replace: (path: string, kind: FieldKind, pattern: string) => string,
): LocaleText {
  const replaced: Record<string, string> = {};
  for (const name of TEXTS) if (text[name] !== undefined) replaced[name] = replace(name, 'text', text[name]);
  for (const name of LINKS) if (text[name] !== undefined) replaced[name] = replace(name, 'link', text[name]);
  const actions = text.actions?.map((action, index) => mapAction(action, `actions[${index}]`, replace));
  return { ...text, ...replaced, ...(actions !== undefined && { actions }) };
}

function mapAction(
  action: NotificationAction,
  path: string,
  replace: (path: string, kind: FieldKind, pattern: string) => string,
): NotificationAction {
  const { title, icon, url } = action;
  return {
    ...action,
    title: replace(`${path}.title`, 'text', title),
    ...(icon !== undefined && { icon: replace(`${path}.icon`, 'link', icon) }),
    ...(url !== undefined && { url: replace(`${path}.url`, 'link', url) }),
  };
}
