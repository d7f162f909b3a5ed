/** The fields of a subscription as they are imported. */
export const FIELDS = [
  'endpoint',
  'p256dh',
  'auth',
  'user_id',
  'vapid_public_key',
  'created_at',
  'updated_at',
  'expiration_time',
  'tags',
  'user_agent',
  'locale',
  'time_zone',
] as const;
export type Field = (typeof FIELDS)[number];

/** Which column of the file has a field, where its own name does not tell. */
export type FieldMap = Readonly<Partial<Record<Field, string>>>;

/**
 * What the exports of others call each field, without capitals and signs, the best first: `web-push`, Pushpad, OneSignal
 * (`identifier`, `web_p256`, `web_auth`, `external_user_id`), Laravel (`public_key`, `auth_token`, `subscribable_id`), Django
 * (`registration_id`), Rails.
 */
const NAMES: Readonly<Record<Field, readonly string[]>> = {
  endpoint: ['endpoint', 'endpointurl', 'pushendpoint', 'registrationid', 'identifier', 'url'],
  p256dh: ['p256dh', 'p256dhkey', 'keyp256dh', 'pushp256dh', 'p256', 'webp256', 'publickey', 'key'],
  auth: ['auth', 'authkey', 'keyauth', 'pushauth', 'authtoken', 'authsecret', 'webauth'],
  user_id: ['userid', 'uid', 'externaluserid', 'externalid', 'subscribableid', 'accountid', 'user'],
  vapid_public_key: ['vapidpublickey', 'vapidkey', 'applicationserverkey'],
  created_at: ['createdat', 'datecreated', 'created', 'insertedat', 'subscribedat'],
  updated_at: [
    'updatedat',
    'lastactive',
    'lastactiveat',
    'lastseen',
    'lastseenat',
    'lastclickat',
    'modifiedat',
    'updated',
  ],
  expiration_time: ['expirationtime', 'expiresat'],
  tags: ['tags', 'taglist'],
  user_agent: ['useragent'],
  locale: ['locale', 'language', 'lang'],
  time_zone: ['timezone', 'timezoneid'],
};

/** What a record may keep a browser's `toJSON()` in, as an object or as its JSON. */
const WRAPPERS = ['subscription', 'pushsubscription', 'subscriptioninfo', 'subscriptionjson', 'data', 'json', 'keys'];

/** A record by bare names, with what its wrappers hold. */
export type Flat = { readonly values: ReadonlyMap<string, unknown> };

/** Brings a record to one level. What stands on its outside goes before what is wrapped. */
export function flatten(record: Readonly<Record<string, unknown>>): Flat {
  const values = new Map<string, unknown>();
  const inside: object[] = [];
  for (const [name, value] of Object.entries(record)) {
    const wrapped = WRAPPERS.includes(bare(name)) ? objectIn(value) : null;
    if (wrapped !== null) inside.push(wrapped);
    else if (!values.has(bare(name))) values.set(bare(name), value);
  }
  for (const each of inside) {
    const { values: more } = flatten(each as Record<string, unknown>);
    for (const [name, value] of more) if (!values.has(name)) values.set(name, value);
  }
  return { values };
}

/** The value of a field, and the bare name it stood under. Null where there is none, or an empty one. */
export function findField({ values }: Flat, field: Field): { readonly name: string; readonly value: unknown } | null {
  for (const name of NAMES[field]) {
    const value = values.get(name) ?? values.get(`keys${name}`);
    if (value !== undefined && value !== null && value !== '') return { name, value };
  }
  return null;
}

/** The outer names of a record that are no field, as they stand in the file. */
export function strangeNames(record: Readonly<Record<string, unknown>>, map: FieldMap): readonly string[] {
  const known = [...Object.values(NAMES).flat(), ...WRAPPERS];
  const mapped = Object.values(map).map((path) => path.split('.')[0]);
  return Object.keys(record).filter((name) => !known.includes(bare(name)) && !mapped.includes(name));
}

/** What a map names: a column as it is called in the file, or a path such as `user.id`. Undefined where there is none. */
export function valueAt(record: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const key of path.split('.')) {
    const within = objectIn(value);
    if (within === null || !Object.hasOwn(within, key)) return undefined;
    value = (within as Record<string, unknown>)[key];
  }
  return value;
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function objectIn(value: unknown): object | null {
  if (typeof value === 'string' && value.trimStart().startsWith('{')) {
    try {
      return objectIn(JSON.parse(value));
    } catch {
      return null;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
}
