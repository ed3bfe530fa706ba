import type { LogLine } from '../core/attribution.ts';
import { attribute, attributeChanges } from '../core/attribution.ts';
import type { Fault } from '../core/fault.ts';
import type { Facts, Reads } from '../core/facts.ts';
import type { Pool, StoredNode } from '../core/node.ts';
import { nodePath, poolPath } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import { isOnNodes, isScale } from '../core/operation.ts';
import type { Person } from '../core/people.ts';
import type { SeenChange } from '../core/seen-change.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import type { Parts } from './parts.ts';
import { readScale } from './scale/read-scale.ts';
import type { SharedReads } from './shared-reads.ts';

/** How many ended operations a command may look back on. */
const RECENT = 50;
/** What was taken out for a repair may have been long ago. */
const RECENT_FAR = 500;
/** Nothing was named that could be mistyped. */
const NEEDS_NO_NAMES: readonly Reads['kind'][] = [
  'nothing',
  'health',
  'operations',
  'operation',
  'deployment',
];
const LOOKS_FAR_BACK: readonly Reads['kind'][] = ['hosts', 'host', 'everything', 'changes', 'history'];

/** Who wants to know. */
interface Asker {
  readonly nick: string;
  readonly account: string | undefined;
  readonly person: Person | undefined;
}

/** What is being read of the journal and of production. */
export interface Reading {
  readonly journal: Promise<Journal>;
  readonly production: Promise<Result<readonly Pool[]>>;
}

interface Journal {
  readonly open: readonly Operation[];
  readonly recent: readonly Operation[];
  readonly operation: Operation | undefined;
  readonly storeFault: Fault | undefined;
}

/** Who asks, and what is known without waiting. */
interface Gathering extends Reading {
  readonly asker: Asker;
  /** Lines of the log that were seen. */
  readonly logged: readonly LogLine[];
}

/** What could be read. `storeFault` is there when the journal does not answer: reading goes on without it, writing does not. */
export interface Gathered {
  readonly facts: Facts;
  readonly storeFault: Fault | undefined;
}

/** Begins to read what a command needs, production and journal at once. @param shared of everybody who asks at the moment. */
export function beginReading(parts: Parts, reads: Reads, shared: SharedReads): Reading {
  return {
    journal: readJournal(parts, reads, shared),
    production: shared.read(`production ${JSON.stringify(reads)}`, () => readProduction(parts, reads)),
  };
}

/**
 * Puts together what a command needs, and reads what follows from what was read.
 *
 * @returns a Fault of conftool when production cannot be read but is needed; without the journal the facts have no operations.
 */
export async function gatherFacts(
  parts: Parts,
  reads: Reads,
  { asker, logged, ...reading }: Gathering,
): Promise<Result<Gathered>> {
  const { store, settings } = parts;
  const [journal, production, health] = await Promise.all([
    reading.journal,
    reading.production,
    reads.kind === 'health' ? parts.health() : [],
  ]);
  if (!production.ok) return production;
  const { operation, storeFault } = journal;
  const scale = await scaleOf(parts, reads, operation);
  const pools =
    operation === undefined || reads.kind !== 'operation' ? production : await poolsOf(parts, operation);
  if (!pools.ok) return pools;
  const near = poolsOfInterest(reads, pools.value);
  const [balanced, observed] = await Promise.all([askBalancers(parts, near), askMetrics(parts, reads, near)]);
  const services =
    pools.value.length > 0 || NEEDS_NO_NAMES.includes(reads.kind) ? [] : await knownNames(parts, reads);
  const [freeze, locks, unreviewed] = await Promise.all([
    reads.kind === 'subject' ? store.freeze() : undefined,
    reads.kind === 'subject' ? store.locks() : undefined,
    reads.kind === 'operations' ? readUnreviewed(parts) : [],
  ]);
  const now = parts.clock.now();
  const seen = await readChanges(parts, reads, now);
  const changes = attributeChanges(seen, journal.recent, logged);
  const facts: Facts = {
    now,
    ...asker,
    catalogue: settings.catalogue,
    groups: settings.groups,
    scope: settings.scope,
    dependencies: settings.dependencies,
    pools: pools.value,
    balanced,
    observed,
    services,
    scale,
    deployments: settings.deployments,
    operation,
    journal: storeFault === undefined,
    open: journal.open,
    recent: journal.recent,
    freeze: freeze?.ok === true ? freeze.value : undefined,
    changes,
    originOf: (node) => originOf(node, changes, { recent: journal.recent, logged }),
    policy: settings.policy(),
    people: settings.people(),
    locks: locks?.ok === true ? locks.value.filter(({ until }) => (until ?? Infinity) > now) : [],
    unreviewed,
    health,
    commands: settings.commands,
  };
  return ok({ facts, storeFault });
}

/** The deployment that the question, or the operation in question, is about. */
async function scaleOf(
  parts: Parts,
  reads: Reads,
  operation: Operation | undefined,
): Promise<Facts['scale']> {
  if (reads.kind === 'deployment') return readScale(parts, reads.name);
  if (reads.kind === 'subject' && reads.subject !== undefined) return readScale(parts, reads.subject);
  if (reads.kind !== 'operation' || operation === undefined || !isScale(operation)) return undefined;
  return readScale(parts, operation.plan.service);
}

/** The pools that an operation is about: of its service, of its services, or the record. */
async function poolsOf({ conftool }: Parts, operation: Operation): Promise<Result<readonly Pool[]>> {
  if (isScale(operation)) return ok([]);
  const { plan, request } = operation;
  const keys = plan.effects.map(({ pool }) => pool);
  const isSeveral = keys.some(({ record, service }) => record !== undefined || service !== request.service);
  if (!isSeveral) return conftool.poolsOfService(request.service);
  const pools: Pool[] = [];
  for (const key of keys) {
    const pool = await conftool.pool(key);
    if (!pool.ok) return pool;
    pools.push(pool.value);
  }
  return ok(pools);
}

/** Those that the question is about: where a host is looked up, everything was read. */
function poolsOfInterest(reads: Reads, pools: readonly Pool[]): readonly Pool[] {
  if (reads.kind === 'everything') return [];
  if (reads.kind !== 'subject') return pools;
  const { subject } = reads;
  return pools.filter(
    ({ service, nodes }) =>
      service === subject ||
      nodes.some(({ key }) => key.host === subject || key.host.split('.')[0] === subject),
  );
}

async function askBalancers({ loadBalancers }: Parts, pools: readonly Pool[]): Promise<Facts['balanced']> {
  const asked = await Promise.all(
    pools.map(async (pool) => [poolPath(pool), await loadBalancers.pool(pool)] as const),
  );
  return new Map(asked.flatMap(([path, known]) => (known === undefined ? [] : [[path, known]])));
}

/** Only for who wants to know: what is asked for is never decided by metrics. */
async function askMetrics(
  { metrics }: Parts,
  reads: Reads,
  pools: readonly Pool[],
): Promise<Facts['observed']> {
  if (reads.kind !== 'subject' && reads.kind !== 'host') return new Map();
  const places = [...new Set(pools.map(({ dc }) => dc))];
  const asked = await Promise.all(places.map(async (dc) => [dc, await metrics.requests(dc)] as const));
  return new Map(asked.flatMap(([dc, known]) => (known === undefined ? [] : [[dc, known]])));
}

async function readJournal({ store }: Parts, reads: Reads, shared: SharedReads): Promise<Journal> {
  const nothing = { open: [], recent: [], operation: undefined, storeFault: undefined };
  if (reads.kind === 'nothing' || reads.kind === 'health') return nothing;
  const most = LOOKS_FAR_BACK.includes(reads.kind) ? RECENT_FAR : RECENT;
  const [open, recent, operation] = await Promise.all([
    shared.read('open', () => store.open()),
    shared.read(`recent ${String(most)}`, () => store.recent(most)),
    reads.kind === 'operation' ? store.operation(reads.id) : ok(undefined),
  ]);
  if (!open.ok) return { ...nothing, storeFault: open.fault };
  if (!recent.ok) return { ...nothing, storeFault: recent.fault };
  if (!operation.ok) return { ...nothing, storeFault: operation.fault };
  return { open: open.value, recent: recent.value, operation: operation.value, storeFault: undefined };
}

function hasOneOf({ nodes, malformed }: Pool, names: readonly string[]): boolean {
  return [...nodes, ...malformed].some(
    ({ key }) => names.includes(key.host) || names.includes(key.host.split('.')[0] ?? key.host),
  );
}

/** A subject is a service or a host: services are looked for first, since that reads less. */
async function readProduction({ conftool }: Parts, reads: Reads): Promise<Result<readonly Pool[]>> {
  if (reads.kind === 'hosts') {
    const all = await conftool.allPools();
    return all.ok ? ok(all.value.filter((pool) => hasOneOf(pool, reads.names))) : all;
  }
  if (reads.kind === 'host') {
    const all = await conftool.allPools();
    return all.ok ? ok(all.value.filter((pool) => hasOneOf(pool, [reads.host]))) : all;
  }
  if (reads.kind === 'everything') {
    const [pools, records] = await Promise.all([conftool.allPools(), conftool.records()]);
    if (!pools.ok) return pools;
    return records.ok ? ok([...pools.value, ...records.value]) : records;
  }
  if (reads.kind === 'changes' || reads.kind === 'history') return ok([]);
  if (reads.kind === 'record') {
    const record = await conftool.pool(reads.record);
    if (!record.ok) return record;
    return ok(record.value.nodes.length + record.value.malformed.length === 0 ? [] : [record.value]);
  }
  if (reads.kind === 'service') return conftool.poolsOfService(reads.service);
  if (reads.kind !== 'subject') return ok([]);
  if (reads.subject !== undefined) {
    const pools = await conftool.poolsOfService(reads.subject);
    if (!pools.ok || pools.value.length > 0) return pools;
  }
  return conftool.allPools();
}

async function readChanges({ store }: Parts, reads: Reads, now: number): Promise<readonly SeenChange[]> {
  if (!['host', 'everything', 'changes'].includes(reads.kind)) return [];
  const changes = await store.changes(reads.kind === 'changes' ? now - reads.lastMs : 0);
  return changes.ok ? changes.value : [];
}

/** What is known of the write that left an object as it is: from the watch, else from our own journal. */
function originOf(
  node: StoredNode,
  changes: Facts['changes'],
  { recent, logged }: { readonly recent: readonly Operation[]; readonly logged: readonly LogLine[] },
): ReturnType<Facts['originOf']> {
  const { key, modifiedIndex } = node;
  const seen = changes.find(
    (change) => change.modifiedIndex === modifiedIndex && nodePath(change.key) === nodePath(key),
  );
  if (seen !== undefined) return { by: seen.by, at: seen.at, isLate: seen.isLate };
  const by = attribute({ key, modifiedIndex, at: undefined }, recent, logged);
  const steps = recent.filter(isOnNodes).flatMap((operation) => operation.steps);
  const step = steps.find(
    ({ result, key: at }) => result?.modifiedIndex === modifiedIndex && nodePath(at) === nodePath(key),
  );
  return { by, at: step?.result?.readBackAt, isLate: false };
}

async function readUnreviewed({ store }: Parts): Promise<readonly Operation[]> {
  const ids = await store.unreviewed();
  const found = await Promise.all((ids.ok ? ids.value : []).map((id) => store.operation(id)));
  return found.flatMap((one) => (one.ok && one.value !== undefined ? [one.value] : []));
}

/** What the asker may have meant: services, records, or hosts. */
async function knownNames({ conftool }: Parts, reads: Reads): Promise<readonly string[]> {
  if (reads.kind === 'record') {
    const records = await conftool.records();
    return records.ok ? records.value.map(poolPath) : [];
  }
  const pools = await conftool.allPools();
  if (!pools.ok) return [];
  const services = [...new Set(pools.value.map(({ service }) => service))];
  if (reads.kind === 'service' || reads.kind === 'subject') return services;
  const hosts = pools.value.flatMap(({ nodes }) =>
    nodes.map(({ key }) => key.host.split('.')[0] ?? key.host),
  );
  return [...new Set([...hosts, ...(reads.kind === 'changes' || reads.kind === 'history' ? services : [])])];
}
