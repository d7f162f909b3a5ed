import { optional, secretly, setting } from './setting.ts';
import { asIs, SettingProblem } from './setting-parsers.ts';

/** Where spans go, by the names that OpenTelemetry gives its settings. */
export const TRACING_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    otlpEndpoint,
    'An OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`: [calls, pages of fan-outs and attempts](operations.md#tracing) are told to it as spans.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secretly(
    otlpHeaders,
    'Headers for that collector, comma-separated, values percent-encoded: `authorization=Basic%20dTpw`.',
  ),
  OTEL_SERVICE_NAME: setting('bellhop', asIs, 'The name of this service in its spans.'),
} as const;

export type TracingConfig = {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
};

type TracingValues = {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string | null;
  readonly OTEL_EXPORTER_OTLP_HEADERS: TracingConfig['headers'] | null;
  readonly OTEL_SERVICE_NAME: string;
};

/** Null: no spans are made. */
export function tracingOf(values: TracingValues): { readonly tracing: TracingConfig | null } {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = values;
  if (endpoint === null) return { tracing: null };
  return { tracing: { endpoint, headers: headers ?? {}, serviceName: values.OTEL_SERVICE_NAME } };
}

function otlpEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new SettingProblem('is not the address of a collector: write http://127.0.0.1:4318, or https://…');
  if (url.username !== '' || url.password !== '')
    throw new SettingProblem('has a password in it: it belongs into OTEL_EXPORTER_OTLP_HEADERS.');
  return text;
}

/** As OpenTelemetry's specification of the exporter has them, after W3C Baggage. The value is a secret. */
function otlpHeaders(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^\s,;]*)$/.exec(pair.trim()));
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const value = decodeURIComponent(pair?.[2] ?? '%');
        if (/[^\t\x20-\x7e]/.test(value)) throw new URIError();
        return [pair?.[1] ?? '', value];
      }),
    );
  } catch {
    throw new SettingProblem('is not a list of headers: write name=value,name=value, with the values percent-encoded.');
  }
}
