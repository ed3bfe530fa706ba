import type { Catalogue, CatalogueEntry, CatalogueProbe } from './catalogue.ts';
import { entriesOfPool } from './catalogue.ts';
import type { NodeKey } from './node.ts';

/** Whether a host must answer before it is pooled. */
export type ProbeMode = 'require' | 'warn' | 'off';

/** One question to one host: what monitoring would ask of the service, asked straight at the host. */
export interface ProbeTarget {
  readonly key: NodeKey;
  /** The catalogue service that it is a check of. */
  readonly service: string;
  readonly port: number;
  readonly tls: boolean;
  /** `tcp`: a connection is enough; that is also all that can be asked of kinds which only monitoring knows. */
  readonly how: 'http' | 'tcp';
  /** For SNI and the Host header. */
  readonly name: string;
  readonly path: string;
  /** Empty: any 2xx. */
  readonly statuses: readonly number[];
  readonly timeoutMs: number | undefined;
}

/** What a host answered. `text` is for people: `200 in 12 ms`, or what went wrong. */
export interface ProbeResult {
  readonly target: ProbeTarget;
  readonly ok: boolean;
  readonly text: string;
}

/**
 * What to ask a host before it is pooled: every check of every service that the pool carries.
 *
 * @returns `[]` when the catalogue has no check for it.
 */
export function probesFor(catalogue: Catalogue, key: NodeKey): readonly ProbeTarget[] {
  return entriesOfPool(catalogue, key).flatMap((entry) =>
    entry.probes.flatMap((probe) => targetOf(key, entry, probe) ?? []),
  );
}

function targetOf(key: NodeKey, entry: CatalogueEntry, probe: CatalogueProbe): ProbeTarget | undefined {
  if (entry.port === undefined) return undefined;
  const isSwagger = probe.type === 'swagger';
  return {
    key,
    service: entry.name,
    port: entry.port,
    tls: entry.encryption,
    how: isSwagger || probe.type.startsWith('http') ? 'http' : 'tcp',
    name: probe.host ?? `${entry.name}.discovery.wmnet`,
    path: isSwagger ? '/?spec' : probe.path,
    statuses: isSwagger ? [200] : probe.statuses,
    timeoutMs: probe.timeoutMs,
  };
}
