import { z } from 'zod';
import type { Problem } from './problem.ts';
import { parseStrict } from './problem.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';
import type { PoolKey } from './node.ts';
import { parseDuration } from './time.ts';

/** One service of puppet's `service::catalog`. Several may stand behind one conftool tag. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  readonly port: number | undefined;
  readonly encryption: boolean;
  readonly state: string;
  /** Data centres. */
  readonly sites: readonly string[];
  /** Where its hosts are in conftool; undefined for a service that is not load balanced by LVS. */
  readonly conftool: { readonly cluster: string; readonly service: string } | undefined;
  /** The share (0-1) of the hosts that the load balancer keeps, whatever their health checks say. */
  readonly depoolThreshold: number;
  /** DNS discovery records. */
  readonly discovery: readonly { readonly dnsdisc: string; readonly activeActive: boolean }[];
  readonly scheduler: string;
  /** What monitoring asks of it: the same is asked of a host before it is pooled. */
  readonly probes: readonly CatalogueProbe[];
}

/** One check of the catalogue. */
export interface CatalogueProbe {
  /** `http`, `swagger`, `tcp`, or something that only monitoring knows. */
  readonly type: string;
  /** For SNI and the Host header; undefined: the service's own discovery name. */
  readonly host: string | undefined;
  readonly path: string;
  readonly timeoutMs: number | undefined;
  /** Empty: any 2xx. */
  readonly statuses: readonly number[];
}

/** puppet's service catalogue, in the order of the file. */
export interface Catalogue {
  readonly entries: readonly CatalogueEntry[];
}

/** What the catalogue knows about a conftool tag. */
export interface ServiceFacts {
  readonly tag: string;
  readonly known: boolean;
  /** Names of the catalogue entries behind the tag. */
  readonly entries: readonly string[];
  /** The largest threshold (0-1) behind the tag. */
  readonly threshold: number;
  /** `production` if one entry behind the tag is. */
  readonly state: string;
}

/** The threshold of most services in puppet, and the one that PyBal takes when none is given. */
const USUAL_THRESHOLD = 0.5;
const PRODUCTION = 'production';

// Puppet writes thresholds as numbers or as quoted texts: `0.5`, `'.5'`.
const Threshold = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d*\.?\d+$/, 'must be a number from 0 to 1')
      .transform(Number),
  ])
  .refine((threshold) => threshold >= 0 && threshold <= 1, 'must be a number from 0 to 1');

const Probe = z.looseObject({
  type: z.string(),
  host: z.string().optional(),
  path: z.string().startsWith('/', 'must begin with /').default('/'),
  timeout: z.string().optional(),
  valid_status_codes: z.array(z.int()).default([]),
});

const Entry = z.looseObject({
  description: z.string().default(''),
  port: z.number().optional(),
  encryption: z.boolean().default(false),
  // Without a state the strictest rules apply.
  state: z.string().default(PRODUCTION),
  sites: z.array(z.string()).default([]),
  lvs: z
    .looseObject({
      conftool: z.looseObject({ cluster: z.string(), service: z.string() }).optional(),
      depool_threshold: Threshold.default(USUAL_THRESHOLD),
      scheduler: z.string().default('wrr'),
    })
    .optional(),
  discovery: z
    .array(z.looseObject({ dnsdisc: z.string(), active_active: z.boolean().default(false) }))
    .default([]),
  probes: z.array(Probe).default([]),
});

const File = z.looseObject({ 'service::catalog': z.record(z.string(), Entry) });

/**
 * Reads puppet's `service::catalog` as it is: fields that Sluice does not use are passed over.
 *
 * @returns the problems when a field that Sluice needs has another form.
 * @see hieradata/common/service.yaml of operations/puppet
 */
export function parseCatalogue(value: unknown): Result<Catalogue, readonly Problem[]> {
  const parsed = parseStrict(File, value);
  if (!parsed.ok) return fail(parsed.fault);
  return ok({
    entries: Object.entries(parsed.value['service::catalog']).map(([name, entry]) => toEntry(name, entry)),
  });
}

/** What is known about a conftool tag. An unknown one counts as production, with the usual threshold. */
export function serviceFacts(catalogue: Catalogue, tag: string): ServiceFacts {
  const behind = entriesBehind(catalogue, tag);
  const states = behind.map(({ state }) => state);
  return {
    tag,
    known: behind.length > 0,
    entries: behind.map(({ name }) => name),
    threshold:
      behind.length > 0 ? Math.max(...behind.map((entry) => entry.depoolThreshold)) : USUAL_THRESHOLD,
    // Without a production service behind it the tag has the state of the service that came farthest.
    state: states.includes(PRODUCTION) ? PRODUCTION : (states.sort(byProgress)[0] ?? PRODUCTION),
  };
}

/**
 * The conftool tag of a catalogue name (thumbor: `kubesvc`), and every catalogue entry behind that tag.
 *
 * @returns undefined for a name that the catalogue does not have, or that conftool has no objects for.
 */
export function tagOfCatalogueName(
  catalogue: Catalogue,
  name: string,
): { readonly tag: string; readonly entries: readonly string[] } | undefined {
  const tag = catalogue.entries.find((entry) => entry.name === name)?.conftool?.service;
  if (tag === undefined) return undefined;
  return { tag, entries: entriesBehind(catalogue, tag).map((entry) => entry.name) };
}

/** Every conftool tag of the catalogue, in its order. */
export function serviceTags(catalogue: Catalogue): readonly string[] {
  return distinct(catalogue.entries.flatMap(({ conftool }) => conftool?.service ?? []));
}

/** The conftool clusters that carry a tag. */
export function clustersOfTag(catalogue: Catalogue, tag: string): readonly string[] {
  return distinct(entriesBehind(catalogue, tag).flatMap(({ conftool }) => conftool?.cluster ?? []));
}

/** The catalogue services that a pool carries: behind its tag, in its cluster, and at its data centre as far as the catalogue says where. */
export function entriesOfPool(catalogue: Catalogue, pool: PoolKey): readonly CatalogueEntry[] {
  return entriesBehind(catalogue, pool.service).filter(
    ({ conftool, sites }) =>
      conftool?.cluster === pool.cluster && (sites.length === 0 || sites.includes(pool.dc)),
  );
}

/**
 * What the catalogue says of a discovery record.
 *
 * @returns undefined for one that it does not have; `services` are the pools, in whatever data centre, that the record leads to.
 */
export function recordFacts(
  { entries }: Catalogue,
  name: string,
):
  | {
      readonly isActiveActive: boolean;
      readonly services: readonly { readonly cluster: string; readonly service: string }[];
    }
  | undefined {
  const behind = entries.filter(({ discovery }) => discovery.some(({ dnsdisc }) => dnsdisc === name));
  if (behind.length === 0) return undefined;
  return {
    isActiveActive: behind.every(({ discovery }) =>
      discovery.every(({ dnsdisc, activeActive }) => dnsdisc !== name || activeActive),
    ),
    services: behind.flatMap(({ conftool }) => conftool ?? []),
  };
}

/** The names that load balancers have for what a pool carries, `NAME_PORT`, and whether each is in production. */
export function balancedPoolNames(
  catalogue: Catalogue,
  pool: PoolKey,
): readonly { readonly name: string; readonly isProduction: boolean }[] {
  return entriesOfPool(catalogue, pool).flatMap(({ name, port, state }) =>
    port === undefined ? [] : [{ name: `${name}_${String(port)}`, isProduction: state === PRODUCTION }],
  );
}

function entriesBehind({ entries }: Catalogue, tag: string): readonly CatalogueEntry[] {
  return entries.filter(({ conftool }) => conftool?.service === tag);
}

/** The order of puppet's state machine, latest first; names that it does not have go before all others. */
function byProgress(a: string, b: string): number {
  const order = [PRODUCTION, 'lvs_setup', 'service_setup'];
  return order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1);
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function toEntry(name: string, entry: z.output<typeof Entry>): CatalogueEntry {
  const { lvs } = entry;
  return {
    name,
    description: entry.description,
    port: entry.port,
    encryption: entry.encryption,
    state: entry.state,
    sites: entry.sites,
    conftool:
      lvs?.conftool === undefined
        ? undefined
        : { cluster: lvs.conftool.cluster, service: lvs.conftool.service },
    depoolThreshold: lvs?.depool_threshold ?? USUAL_THRESHOLD,
    discovery: entry.discovery.map(({ dnsdisc, active_active }) => ({
      dnsdisc,
      activeActive: active_active,
    })),
    scheduler: lvs?.scheduler ?? 'wrr',
    probes: entry.probes.map(({ type, host, path, timeout, valid_status_codes }) => {
      const span = timeout === undefined ? undefined : parseDuration(timeout);
      return {
        type,
        host,
        path,
        timeoutMs: span?.ok === true ? span.value : undefined,
        statuses: valid_status_codes,
      };
    }),
  };
}
