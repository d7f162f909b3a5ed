import { CONSOLE_FILES } from './console-expressions.ts';
import { IMPORT_FILES } from './import-expressions.ts';
import type { Listed, Worst } from './listed-expression.ts';
import { PEOPLE_FILES } from './people-expressions.ts';
import { TRACING_FILES } from './tracing-expressions.ts';

const digits: Worst = { repeated: '1', tail: 'x' };
const letters: Worst = { repeated: 'a', tail: '\n' };
const spaces: Worst = { repeated: ' ', tail: 'x' };

/**
 * Every regular expression of `src/` that meets what others write, by file: request lines and headers, bodies, endpoints,
 * tokens, answers of push services, settings, and errors of servers and drivers. Each with the text that costs it most:
 * repeats of what two of its quantifiers would both take, or of what it looks for from every place, and then no match.
 */
export const MEET_OUTSIDE_TEXT: Readonly<Record<string, readonly Listed[]>> = {
  'access/access.ts': [[/^Bearer[ \t]+(\S+)$/i, { head: 'Bearer', repeated: ' ', tail: 'a b' }]],
  'access/client-address.ts': [
    [/^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?$/, { head: '[', repeated: '1:' }],
    [/^([A-Za-z]+)=(?:([^"\\\s]+)|"([^"\\]*)")$/, { head: 'for=', repeated: 'a', tail: '"' }],
  ],
  'access/request-signature.ts': [
    [/^\d{1,15}$/, digits],
    [/^[\x21-\x7e]{1,128}$/, letters],
    [/^[0-9a-fA-F]{64}$/, letters],
  ],
  'access/subscriber-tokens.ts': [[/[+/=]/, letters]],
  'client/bulk.ts': [[/ndjson/, { repeated: 'ndjso' }]],
  'client/caller.ts': [[/json/, { repeated: 'jso' }]],
  'client/client.ts': [
    [/^[A-Za-z0-9._-]{1,64}$/, letters],
    [/^[\x20-\x7e]{1,255}$/, letters],
    [/^https?:$/, { head: 'http', repeated: 's' }],
  ],
  'client/retry.ts': [
    [/^("?)\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)? ?(?:s|secs?|seconds?)?\1$/i, { ...digits, tail: '.' }],
    [/,(?! \d\d[ -][A-Z][a-z]{2}[ -])/, { repeated: ', 01 Jan ' }],
    [
      /^"?((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]*\d\d:\d\d:\d\d[\w ]*)"?$/,
      { head: 'Mon ', repeated: '1', tail: ':11:11;' },
    ],
  ],
  'client/subscriber-token.ts': [[/[\p{Cc}\p{Cs}]/u, { repeated: 'a' }]],
  ...IMPORT_FILES,
  ...CONSOLE_FILES,
  ...PEOPLE_FILES,
  ...TRACING_FILES,
  'config/api-key-text.ts': [
    [/^([A-Za-z0-9._-]{1,64})(?:\[([a-z+]*)\])?\s*:\s*(\S{16,})$/, { head: 'a[a]', repeated: ' ', tail: ':a' }],
  ],
  'store/sqlite/file/backup-folder.ts': [
    [/^bellhop-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)\.db$/, { repeated: '1' }],
  ],
  'config/trusted-authorities.ts': [[/[?&](?:tls|ssl)=true(?:&|$)/, { repeated: '&tls=true', tail: 'x' }]],
  'config/setting-parsers.ts': [
    [/^mongodb(\+srv)?:\/\/[^/?]/, { head: 'mongodb', repeated: '+srv' }],
    [/[@/?]/, { repeated: 'a' }],
    [/^\d{1,3}$/, digits],
    [/^rediss?:\/\/./, { head: 'redis', repeated: ':/' }],
    [/^\/?\d*$/, { head: '/', ...digits }],
    [/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, { head: '[', repeated: ':1' }],
    [/^\d+$/, digits],
    [/^[A-Za-z0-9._:-]+$/, letters],
    [/^[!-~]+$/, letters],
    [/^(.+)=(\d+(?:\.\d+)?)$/, { repeated: '=1.1', tail: 'x' }],
    [/^(localhost|127\.0\.0\.1|\[::1\])$/, { repeated: 'localhost' }],
    [/^https?:$/, { head: 'http', repeated: 's' }],
  ],
  'config/setting-values.ts': [[/[\r\n]/, { repeated: 'a' }]],
  'domain/content/link.ts': [[/^(https?:\/\/|\/(?![/\\]))[^\s\p{Cc}]*$/iu, { head: '/', ...letters }]],
  'domain/content/link-pattern.ts': [[/^(https?:\/\/[^/?#]+)?\//i, { head: 'https://', ...letters }]],
  'domain/content/message.ts': [[/^[A-Z_]+$/, { repeated: 'A' }]],
  'domain/content/values.ts': [
    [/^\.+$/, { repeated: '.' }],
    [
      /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/,
      { head: '2026-01-31T12:00:00.', ...digits },
    ],
  ],
  'domain/content/wording.ts': [
    [/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, letters],
    [/^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}$/, letters],
  ],
  'domain/decimal.ts': [[/[eE]/, { repeated: '1' }]],
  'domain/delivery/retry-policy.ts': [[/,(?! \d\d[ -][A-Z][a-z]{2}[ -])/, { repeated: ', 01 Jan ' }]],
  'domain/experiment/experiment.ts': [[/^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}$/, letters]],
  'domain/key-text.ts': [
    [/\s+/g, spaces],
    [/={1,2}$/, { repeated: '=', tail: 'x' }],
    [/^[A-Za-z0-9+/_-]+$/, letters],
    [/^[0-9A-Fa-f]+$/, letters],
  ],
  'domain/redis-fault.ts': [[/(?:^|: -?)([A-Z]{3,20})\b/g, { repeated: ': -MISCON' }]],
  'domain/loopback.ts': [[/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/, { head: '127', repeated: '.1' }]],
  'domain/printable-text.ts': [[/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, { repeated: '\u202e' }]],
  'domain/push-service/proxy.ts': [[/[\s,]/, { repeated: ',' }]],
  'domain/push-service/push-service.ts': [
    [/^fcm\.googleapis\.com$/, { repeated: 'fcm.googleapis.com' }],
    [/^jmt17\.google\.com$/, { repeated: 'jmt17.google.com' }],
    [/^(?:[a-z0-9-]+\.)+push\.services\.mozilla\.com$/, { repeated: 'push.services.mozilla.com.' }],
    [/^(?:[a-z0-9-]+\.)+push\.apple\.com$/, { repeated: 'push.apple.com.' }],
    [/^(?:[a-z0-9-]+\.)+notify\.windows\.com$/, { repeated: 'notify.windows.com.' }],
  ],
  'domain/push-service/seconds.ts': [
    [/^("?)\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)? ?(?:s|secs?|seconds?)?\1$/i, { ...digits, tail: '.' }],
  ],
  'domain/push-service/vapid-key.ts': [
    [/[\s<>\p{C}]/u, { repeated: 'a' }],
    [/^mailto:/i, { repeated: 'mailto' }],
    [/(?:^|\.)localhost$|^127\./i, { repeated: '.localhost', tail: 'x' }],
    [/^mailto:[^@,?]+@([^@,?]+)$/i, { head: 'mailto:a@', repeated: 'a', tail: '@' }],
    [/^https:\/\//i, { repeated: 'https:/' }],
  ],
  'domain/push-service/vendor-reasons.ts': [
    [
      /VapidPkHashMismatch|do not correspond|public key mismatch|UnauthorizedRegistration/i,
      { repeated: 'public key mismatc' },
    ],
    [/VAPID audience/i, { repeated: 'VAPID audienc' }],
    [/BadJwtToken/i, { repeated: 'BadJwtToke' }],
    [/BadVapidPublicKey/i, { repeated: 'BadVapidPublicKe' }],
    [/invalid JWT|\baud claim\b/i, { repeated: 'aud clai ' }],
    [/invalid push subscription endpoint/i, { repeated: 'invalid push subscription ' }],
    [/InvalidTokenFormat/i, { repeated: 'InvalidTokenForma' }],
    [/channelthrottled/i, { repeated: 'channelthrottle' }],
    [/BadTtl|BadUrgency|BadWebPushTopic|\berrno (?:101|11[0-4])\b|\bTTL\b/i, { repeated: 'errno 110' }],
  ],
  'domain/redaction.ts': [
    [/[\w\-.~%:=+]+/g, { repeated: 'a ' }],
    [/\b[a-z][a-z0-9+.-]{0,15}:\/\/\S+/gi, { repeated: 'a.', tail: ':' }],
    [/\d/, { repeated: 'a' }],
    [/[A-Z]+/g, { repeated: 'Aa' }],
    [/[\p{C}\s]+/gu, spaces],
  ],
  'domain/subscription/endpoint-policy.ts': [
    [/^(\[[0-9a-f:.]+\]|[^\s\p{C}:/?#@\\[\]%]+)(?::(\d{1,5}))?$/iu, { repeated: 'a', tail: ':123456' }],
    [/^(?:\[[0-9a-f:]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/, { repeated: 'a.', tail: '!' }],
    [/[\s\p{C}\\]/u, { repeated: 'a' }],
    [/(?:^|\.)invalid\.?$/, { repeated: '.invalid', tail: 'x' }],
    [/^\d{1,3}(?:\.\d{1,3}){3}$/, { head: '127', repeated: '.1' }],
    [/^\[[23][0-9a-f]{3}:/, { head: '[', repeated: '2' }],
  ],
  'domain/subscription/endpoint-spelling.ts': [
    [/^(?:\/[A-Za-z0-9_.~:=+-]+)+$/, { repeated: '/a', tail: '!' }],
    [/^\/(?:w\/)?\?token=(?:[A-Za-z0-9_.~-]|%2[bBfF]|%3[dD])+$/, { head: '/w/?token=', repeated: 'a%2b', tail: '!' }],
    [/%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/i, { repeated: '%2' }],
    [/%[0-9A-Fa-f]{2}/g, { repeated: '%a' }],
    [/%(?![0-9A-Fa-f]{2})/, { repeated: '%ab' }],
  ],
  'domain/tls-fault.ts': [
    [
      /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?))$/,
      { head: 'UNABLE_TO_GET_ISSUER_CERT', repeated: '_LOCALLY' },
    ],
    [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, { head: 'CERT_', repeated: 'HAS_EXPIRED' }],
    [/^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, { repeated: 'HOSTNAME_MISMATCH' }],
    [/^(?:CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|ERR_TLS_)/, { repeated: 'INVALID_CA' }],
    [/^(?:EPROTO$|ERR_SSL_|ERR_OSSL_)/, { repeated: 'EPROTO' }],
  ],
  'domain/user/user-id.ts': [[/[\p{Cc}\p{Cs}]/u, { repeated: 'a' }]],
  'egress/failures.ts': [
    [/^EAI_/, { repeated: 'EAI' }],
    [/^ERR_(?:SSL|TLS|OSSL)_/, { head: 'ERR_', repeated: 'TLS' }],
    [/^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_C)/, { repeated: 'CERT' }],
  ],
  'emulator/control-schema.ts': [
    [/^[\w!#$%&'*+.^`|~-]{1,100}$/, letters],
    [/^[\t\x20-\x7e\x80-\xff]*$/, letters],
    [/^[A-Za-z0-9._-]{1,64}$/, letters],
    [/^(?:\d{3}|none)$/, { repeated: 'none' }],
    [/^[1-9]\d{0,3}$/, digits],
    [/^[\w-]+$/, letters],
  ],
  'emulator/emulator-settings.ts': [[/^\d{1,5}$/, digits]],
  'emulator/mozilla-headers.ts': [
    [/^(?:gzip|deflate|br|zstd)$/i, { repeated: 'gzip' }],
    [/^[+-]?\d+$/, { head: '-', ...digits }],
    [/^[\w-]+={0,32}$/, { repeated: 'a', tail: '=!' }],
    [/^[\w-]+={0,64}$/, { repeated: 'a', tail: '=!' }],
    [/[,;]/, { repeated: ';' }],
  ],
  'emulator/rfc-headers.ts': [
    [/^(?:very-low|low|normal|high)$/, { repeated: 'high' }],
    [/^-?\d+$/, { head: '-', ...digits }],
    [/^[A-Za-z0-9_-]{1,32}$/, letters],
  ],
  'emulator/vapid-check.ts': [
    [/^([^ \t]*)[ \t](.*)$/, { repeated: ' ', tail: '\n' }],
    [/^vapid$/i, { repeated: 'vapid' }],
    [/^(?:bearer|webpush)$/i, { repeated: 'bearer' }],
    [/^(?:mailto:|https:)/, { repeated: 'mailto' }],
    [/[\s<>]/, { repeated: 'a' }],
    [/@([^@]+)$/, { repeated: '@a', tail: '@' }],
    [/(?:^|\.)localhost$|^127\./i, { repeated: '.localhost', tail: 'x' }],
  ],
  'emulator/wns-profile.ts': [[/%../g, { repeated: '%' }]],
  'http/kit/cross-origin.ts': [
    [/^[\w-][\w.-]*$/, { repeated: 'a.', tail: '/' }],
    [/^[\w!#$%&'+.^`|~-]+$/, { repeated: 'a', tail: '"' }],
  ],
  'http/kit/json-body.ts': [
    [/at position (\d+)/, { repeated: 'at position ' }],
    [/\p{Surrogate}/u, { repeated: 'a' }],
    [/\p{Surrogate}/gu, { repeated: '\ud800' }],
  ],
  'http/kit/json-losses.ts': [
    [/[:,[][ \t\n\r]*-?(?:[\d.]{16}|[\d.]+[eE])/, { repeated: ':', tail: '1' }],
    [/"[ \t\n\r]*:/g, { repeated: '" ' }],
  ],
  'http/kit/request-head.ts': [
    [/^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/, { repeated: 'a', tail: ':123456' }],
    [/^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*\/?$/, { repeated: '/%61a', tail: '"' }],
    [/^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]{}|^`-]|%[0-9A-Fa-f]{2})*$/, { repeated: 'a%61', tail: '"' }],
    [/\/\.{1,2}(?:\/|$)/, { repeated: '/..', tail: 'x' }],
    [/%(?:[01][0-9A-Fa-f]|7F|2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/i, { repeated: '%4' }],
    [/^(?:\/[^/]*){0,2}%(?:2F|5C)/i, { repeated: '/%2' }],
  ],
  'http/kit/request-id.ts': [[/^[A-Za-z0-9._-]{1,64}$/, letters]],
  'http/kit/request-input.ts': [[/^utf-?8$/i, { repeated: 'utf' }]],
  'http/kit/streamed-body.ts': [[/^[0-9a-f]{64}$/, { repeated: 'a' }]],
  'http/kit/content-encoding.ts': [[/^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/, { head: 'q=0.', ...digits }]],
  'http/kit/media-type.ts': [
    [/^[ \t]*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)/, { repeated: 'a' }],
    [
      /[ \t]*;(?:[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\[\t -~\x80-\xff])*)"))?/y,
      { head: ';a="', repeated: '\\a' },
    ],
    [/\\(.)/g, { repeated: '\\' }],
  ],
  'http/kit/wire-fields.ts': [
    [/\p{Cc}/u, { repeated: 'a' }],
    [/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, { head: 'en', repeated: '-aaaaaaaa', tail: '-' }],
    [/^\d{1,6}$/, digits],
  ],
  'http/v1/notification-schema.ts': [[/^[\x20-\x7e]{1,255}$/, letters]],
  'http/v1/templates.ts': [[/^[1-9]\d{0,8}$/, digits]],
  'intake/demo-visitors.ts': [[/^demo-[A-Za-z0-9_-]{22}$/, { head: 'demo-', ...letters }]],
  'pages/demo/steps.js': [[/[.!?…]$/, { repeated: '.', tail: 'x' }]],
  'push/service-reason.ts': [
    [/^\d{1,6}$/, digits],
    [/^\s*</, spaces],
    [/<title[^<>]*>([^<]{1,500})/i, { repeated: '<title>' }],
    [/<[^<>]*>/g, { repeated: '<a' }],
  ],
  'queue/redis/redis-preflight.ts': [
    [
      /^(WRONGPASS|NOAUTH|ERR (invalid password|Client sent AUTH|AUTH|DB index|invalid DB))/,
      { head: 'ERR ', repeated: 'invalid ' },
    ],
  ],
  'sdk/service-url.ts': [[/\/?$/, { repeated: '/', tail: 'x' }]],
  'sdk/own-worker.ts': [
    [/^(?!installing)/, letters],
    [/activated/, { repeated: 'activat' }],
  ],
  'sdk/registration.ts': [
    [/^[ -~]+$/, { repeated: 'a', tail: '\n' }],
    [/^[a-z]{2,8}(-[a-z\d]{1,8})*$/i, { head: 'en', repeated: '-a', tail: '_' }],
    [/^[\w+/-]{1,64}$/, letters],
  ],
  'sdk/authorized-call.ts': [[/^[\w-]+\.[\w-]+\.[\w-]+$/, { repeated: 'a.' }]],
  'sdk/worker/choose-tab.ts': [[/#.*/, { repeated: '#' }]],
  'sdk/worker/notice.ts': [[/^https?:$/, { head: 'http', repeated: 's' }]],
  'store/mongodb/server/connection.ts': [
    [/^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/, { head: 'mongodb://', repeated: 'a' }],
  ],
  'store/mongodb/server/mongo-error.ts': [
    [/^(E[A-Z0-9]+|ERR_(STREAM|SOCKET)_\w+)$/, { head: 'ERR_STREAM_', repeated: 'E', tail: ' ' }],
    [/Network|Selection|Pool|Topology|Connect|Timeout|Closed/i, { repeated: 'Connec' }],
  ],
  'store/sqlite/file/storage-error.ts': [
    [/is locked|is busy/i, { repeated: 'is ' }],
    [/disk is full/i, { repeated: 'disk is ' }],
    [/readonly database/i, { repeated: 'readonly ' }],
    [/disk i\/o error/i, { repeated: 'disk ' }],
    [/unable to open/i, { repeated: 'unable to ' }],
    [/is malformed/i, { repeated: 'is ' }],
    [/not a database/i, { repeated: 'not a ' }],
  ],
  'store/stored-text.ts': [[/\p{Surrogate}/u, { repeated: 'a' }]],
  'telemetry/error-summary.ts': [
    [/^[A-Z][A-Z0-9_]{0,59}$/, { repeated: 'A', tail: ' ' }],
    [/^[A-Z]\w{0,59}$/, { repeated: 'A', tail: ' ' }],
    [/^[A-Z]{2,20}\b/, { repeated: 'A' }],
    [/^[a-z]{1,20}$/, letters],
    [
      /^\s+at (?:([^(]+) \()?(?:file:\/\/)?((?:\/|node:).+):(\d+):(\d+)\)?$/,
      { head: ' at ', repeated: ' (/', tail: ':1:1x' },
    ],
  ],
};

/** Those that only ever see what Bellhop itself wrote, with where that is written. */
export const MEET_OUR_OWN_TEXT: Readonly<Record<string, readonly (readonly [expression: RegExp, why: string])[]>> = {
  'http/kit/router.ts': [[/\{(\w+)\}/g, 'paths of the routes, in the sources']],
};

/** Files that build expressions at run time, and how many; what they do is measured with the functions around them. */
export const BUILT: Readonly<Record<string, number>> = { 'domain/ids.ts': 4, 'domain/push-service/http-date.ts': 3 };
