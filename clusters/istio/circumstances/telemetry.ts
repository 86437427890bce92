import { isObject } from '../../kubernetes/merge-patch.ts';
import { fieldsOf, type LogField, type LogFormat } from '../proxy/log-format.ts';
import type { MeshConfig } from '../survey/mesh-config.ts';
import { telemetry } from './remedies.ts';
import { inWords, isForAll, meshedOf, ofKind, specOf, type Obstacle, type Place, type Standing } from './standing.ts';

/** Istio's built-in provider, which writes logs as MeshConfig says. */
const PROVIDER = 'envoy';
/** The fields of a line that checks read. */
const READ: readonly LogField[] = [
  'id',
  'method',
  'path',
  'status',
  'flags',
  'bytesReceived',
  'userAgent',
  'authority',
  'upstream',
  'route',
];

/** The fields that a format set by others omits. */
export function missingLogFields({ config }: Standing): Obstacle[] {
  const format = formatOf(config);
  const logged = format === '' ? READ : fieldsOf(format);
  const lacking = READ.filter((field) => !logged.includes(field));
  return lacking.length === 0 ? [] : [{ what: `MeshConfig has an access log format without ${lacking.join(', ')}` }];
}

/** The configured format; empty for Istio's default, as text or JSON. */
function formatOf({ accessLogFormat = '', extensionProviders = [] }: MeshConfig): LogFormat {
  const { logFormat } = extensionProviders.find(({ name }) => name === PROVIDER)?.envoyFileAccessLog ?? {};
  return logFormat?.text ?? logFormat?.labels ?? accessLogFormat;
}

/** What makes proxies log requests. */
export function loggers(standing: Standing, place: Place): Obstacle[] {
  const { accessLogFile = '', defaultProviders: { accessLogging = [] } = {} } = standing.config;
  const settle = telemetry(place, { accessLogging: [{ providers: [{ name: PROVIDER }], disabled: true }] });
  return [
    ...(accessLogFile === '' ? [] : [{ what: `MeshConfig has accessLogFile: ${accessLogFile}`, settle }]),
    ...(accessLogging.length === 0 ? [] : [{ what: `MeshConfig has defaultProviders.accessLogging: ${accessLogging.join(', ')}`, settle }]),
    ...telemetryWith('accessLogging', standing, place, settle),
  ];
}

/** What makes proxies trace requests, which also changes request IDs. */
export function tracers(standing: Standing, place: Place): Obstacle[] {
  const { defaultProviders: { tracing = [] } = {}, enableTracing, defaultConfig } = standing.config;
  const settle = telemetry(place, { tracing: [{ randomSamplingPercentage: 0 }] });
  const isOn = tracing.length > 0 || (enableTracing === true && Object.keys(defaultConfig?.tracing ?? {}).length > 0);
  return [...(isOn ? [{ what: 'MeshConfig has tracing on', settle }] : []), ...telemetryWith('tracing', standing, place, settle)];
}

/** What changes the labels of metrics, or which side reports them. Settings of a namespace are added to it. */
export function metricOverrides({ objects, rootNamespace }: Standing, place: Place): Obstacle[] {
  return [rootNamespace, ...meshedOf(place)]
    .flatMap((namespace) => ofKind(objects, 'Telemetry', namespace).filter(isForAll).slice(0, 1))
    .filter((one) => isNonEmpty(specOf(one)['metrics']))
    .map((one) => ({ what: inWords(one, 'metrics') }));
}

/** In the rig's namespaces the owner's resource, being older, would apply instead of a second one. */
function telemetryWith(
  field: string,
  { objects, rootNamespace }: Standing,
  place: Place,
  settle: Required<Obstacle>['settle'],
): Obstacle[] {
  const found = (namespace: string) =>
    ofKind(objects, 'Telemetry', namespace)
      .filter(isForAll)
      .slice(0, 1)
      .filter((one) => isNonEmpty(specOf(one)[field]));
  return [
    ...meshedOf(place)
      .flatMap(found)
      .map((one) => ({ what: inWords(one, field) })),
    ...found(rootNamespace).map((one) => ({ what: inWords(one, field), settle })),
  ];
}

function isNonEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isObject(value);
}
