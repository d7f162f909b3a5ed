import { Buffer } from 'node:buffer';
import { z } from 'zod';
import type { Behaviour, Step } from './behaviour.ts';
import { SERVICE_NAMES } from './emulator-settings.ts';
import type { ServiceBehaviour } from './service-behaviour.ts';

const MAX_STEPS = 1000;
const LONGEST_MS = 3_600_000;
const LONGEST_BODY_OCTETS = 1_073_741_824;

const count = (most: number): z.ZodInt => z.int().min(0).max(most);

/** What Node takes for a header; anything else would break the connection and tell nobody why. */
const headers = z.record(
  z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'must be the name of a header'),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of Latin-1, as headers are'),
);

const step: z.ZodType<Step> = z.strictObject({
  status: z.int().min(200).max(599).exactOptional(),
  retryAfterSeconds: count(LONGEST_MS).exactOptional(),
  headers: headers.exactOptional(),
  body: z.string().exactOptional(),
  bodyOctets: count(LONGEST_BODY_OCTETS).exactOptional(),
  contentLength: count(LONGEST_BODY_OCTETS).exactOptional(),
  delayMs: count(LONGEST_MS).exactOptional(),
  fault: z.enum(['hang', 'reset', 'hang_mid_body', 'reset_mid_body']).exactOptional(),
});

/** A device's script. */
export const behaviourSchema: z.ZodType<Behaviour> = z.array(step).max(MAX_STEPS);

/** A service's script. */
export const serviceBehaviourSchema: z.ZodType<ServiceBehaviour> = z
  .array(
    z.strictObject({
      step,
      nextRequests: count(1_000_000_000).exactOptional(),
      shareOfDevices: z.number().min(0).max(1).exactOptional(),
      abovePerSecond: count(1_000_000).exactOptional(),
    }),
  )
  .max(MAX_STEPS);

/** The body that makes a device. */
export const deviceSchema = z.strictObject({
  profile: z.enum(SERVICE_NAMES),
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens')
    .exactOptional(),
  applicationServerKey: z
    .string()
    .refine(isPoint, 'must be a VAPID public key: an uncompressed P-256 point of 65 octets, in base64url')
    .exactOptional(),
  behaviour: behaviourSchema.exactOptional(),
});

/** Which pushes are asked for. */
export const pushQuerySchema = z.strictObject({
  profile: z.enum(SERVICE_NAMES).exactOptional(),
  device: z.string().exactOptional(),
  status: z
    .string()
    .regex(/^(?:\d{3}|none)$/, 'must be a status such as 201, or none')
    .exactOptional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a whole number from 1 to 9999')
    .exactOptional(),
});
export type PushQuery = z.infer<typeof pushQuerySchema>;

export type Read<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'problem'; readonly sentence: string };

/** The value, or in a sentence or two what is wrong and what it should be. */
export function readInput<T>(schema: z.ZodType<T>, input: unknown): Read<T> {
  const result = schema.safeParse(input, { error: requirement });
  if (result.success) return { kind: 'value', value: result.data };
  const sentences = result.error.issues.slice(0, 5).map(({ path, message }) => {
    return `${path.length === 0 ? 'The input' : `“${path.join('.')}”`} ${message}.`;
  });
  return { kind: 'problem', sentence: sentences.join(' ') };
}

/** The rest of a sentence that begins with the place. */
function requirement(issue: Parameters<z.core.$ZodErrorMap>[0]): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${issue.input === undefined ? 'is missing: it ' : ''}must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `must have at most ${issue.maximum} entries`
        : `must be at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return `has no “${issue.keys.join('”, “')}”: leave it out, or mend its spelling`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'has a name that is not valid';
    default:
      return 'is not valid';
  }
}

function isPoint(text: string): boolean {
  const point = Buffer.from(text, 'base64url');
  return /^[\w-]+$/.test(text) && point.length === 65 && point[0] === 4;
}
