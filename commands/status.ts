import type { Announcement, ObservedView } from '../src/core/announcement/announcement.ts';
import { wordFault } from '../src/core/announcement/fault-words.ts';
import { missingApprovals } from '../src/core/approval.ts';
import { OptionalSubject } from '../src/core/arguments.ts';
import { serviceFacts, serviceTags } from '../src/core/catalogue.ts';
import { defineCommand } from '../src/core/command.ts';
import { disagreements } from '../src/core/disagreements.ts';
import { effectiveText } from '../src/core/effective-text.ts';
import type { Facts } from '../src/core/facts.ts';
import { nearest } from '../src/core/nearest.ts';
import type { Pool } from '../src/core/node.ts';
import { poolPath } from '../src/core/node.ts';
import type { Observed } from '../src/core/observed.ts';
import type { Operation } from '../src/core/operation.ts';
import { summarizePlan } from '../src/core/plan-summary.ts';
import { viewObserved, viewPool } from '../src/core/pool-view.ts';
import type { Result } from '../src/core/result.ts';
import { fail, ok } from '../src/core/result.ts';
import { headroomOf } from '../src/core/scale/headroom.ts';
import { concernsSubject } from '../src/core/subject.ts';

const MOST_POOLS = 12;
const MOST_OPERATIONS = 4;

/** What is declared, one line per data centre; then what is in flight, and the last change and by whom. */
export default defineCommand({
  kind: 'answer',
  name: 'status',
  summary:
    'shows what is pooled, what really serves and what was observed: of a service, of a host, or of everything',
  usage: '!status [SERVICE|HOST]',
  example: '!status kartotherian-k8s-ssl',
  args: { subject: OptionalSubject },
  options: {},
  rest: 'none',
  reads: ({ subject }) => ({ kind: 'subject', subject }),
  answer: ({ subject }, facts) => {
    const production = subject === undefined ? ok(everything(facts)) : aboutSubject(subject, facts);
    if (!production.ok) return production;
    const frozen = facts.freeze === undefined ? [] : [{ kind: 'status-frozen' as const, ...facts.freeze }];
    return ok([
      ...production.value,
      ...frozen,
      ...facts.locks
        .filter(
          ({ service }) =>
            subject === undefined || facts.pools.some((pool) => locksSubject(pool, subject, service)),
        )
        .map((lock) => ({ kind: 'status-locked' as const, lock })),
      ...(facts.journal ? operations(subject, facts) : [{ kind: 'no-journal' as const }]),
    ]);
  },
});

/** A lock concerns who asks for its service, or for a host that stands in it. */
function locksSubject(pool: Pool, subject: string, locked: string): boolean {
  if (pool.service !== locked) return false;
  return (
    subject === locked ||
    pool.nodes.some(({ key }) => key.host === subject || key.host.split('.')[0] === subject)
  );
}

/** What helmfile declares and the number itself go apart in silence: that is said here. */
function deploymentStatus(scale: NonNullable<Facts['scale']>): readonly Announcement[] {
  const { settings, declared, clusters } = scale;
  return [...clusters].map(([cluster, now]) => ({
    kind: 'deployment-status',
    name: settings.name,
    cluster,
    now: now.ok
      ? {
          wanted: now.value.seen.wanted,
          ready: now.value.seen.ready,
          scaledBy: now.value.seen.scaledBy?.manager,
          autoscaler: now.value.autoscalers[0],
          room: headroomOf(now.value.quotas, now.value.seen.perPod)?.pods,
        }
      : undefined,
    cause: now.ok ? undefined : wordFault(now.fault).text,
    declared: settings.helmfile === undefined ? undefined : { ...settings.helmfile, replicas: declared },
  }));
}

function aboutSubject(subject: string, facts: Facts): Result<readonly Announcement[]> {
  const { scale } = facts;
  if (scale === undefined) return aboutObjects(subject, facts);
  const pools = facts.pools.filter((pool) => pool.service === subject);
  return ok([...deploymentStatus(scale), ...pools.flatMap((pool) => poolStatus(pool, pools, facts))]);
}

function aboutObjects(subject: string, facts: Facts): Result<readonly Announcement[]> {
  const pools = facts.pools.filter(({ service }) => service === subject);
  if (pools.length > 0) return ok(pools.flatMap((pool) => poolStatus(pool, pools, facts)));
  const objects = facts.pools.flatMap((pool) => [
    ...pool.nodes.map(({ key, state }) => ({ key, state, why: undefined })),
    ...pool.malformed.map(({ key, why }) => ({ key, state: undefined, why })),
  ]);
  const own = objects.filter(({ key }) => key.host === subject || key.host.split('.')[0] === subject);
  const hosts = [...new Set(own.map(({ key }) => key.host))];
  if (hosts.length === 0)
    return fail({ kind: 'subject-unknown', subject, nearest: nearestSubjects(subject, facts) });
  return ok(
    hosts.map((host) => ({
      kind: 'host-status',
      host,
      objects: own
        .filter(({ key }) => key.host === host)
        .map(({ key, state, why }) => ({
          service: key.service,
          state,
          why,
          effective: effectiveText(facts.balanced.get(poolPath(key)), host),
        })),
    })),
  );
}

function nearestSubjects(subject: string, { pools, catalogue }: Facts): readonly string[] {
  const hosts = pools.flatMap((pool) => pool.nodes.map(({ key }) => key.host.split('.')[0] ?? key.host));
  return nearest(subject, [
    ...new Set([...serviceTags(catalogue), ...pools.map(({ service }) => service), ...hosts]),
  ]);
}

/** The cluster is named only where one data centre has the service in several. */
function poolStatus(pool: Pool, all: readonly Pool[], facts: Facts): readonly Announcement[] {
  const { service, dc } = pool;
  const { catalogue, groups, now } = facts;
  const cluster = all.filter((other) => other.dc === dc).length > 1 ? pool.cluster : undefined;
  const balanced = facts.balanced.get(poolPath(pool));
  const view = viewPool(pool, serviceFacts(catalogue, service).threshold, groups, balanced);
  const known = facts.observed.get(dc);
  const found = disagreements(pool, balanced ?? [], known?.ok === true ? known.value : undefined);
  const status: Announcement = {
    kind: 'pool-status',
    service,
    dc,
    cluster,
    view,
    malformed: pool.malformed.map(({ key }) => key.host),
    observed: known && observedView(known, pool, facts),
    now,
  };
  return found.length === 0
    ? [status]
    : [status, { kind: 'pool-disagrees', service, dc, disagreements: found }];
}

function observedView(known: Result<Observed>, pool: Pool, { groups }: Facts): ObservedView {
  if (!known.ok) return { kind: 'silent', cause: known.fault.kind };
  const { source, at } = known.value;
  return { kind: 'seen', source, at, ...viewObserved(pool, groups, known.value) };
}

function everything({ pools, catalogue, groups }: Facts): readonly Announcement[] {
  const shown = pools.slice(0, MOST_POOLS).map((pool) => ({
    service: pool.service,
    dc: pool.dc,
    view: viewPool(pool, serviceFacts(catalogue, pool.service).threshold, groups),
  }));
  const more = pools.length - shown.length;
  return [
    { kind: 'pools-status', pools: shown },
    ...(more === 0 ? [] : [{ kind: 'more-lines' as const, count: more, command: '!status SERVICE' }]),
  ];
}

function operations(subject: string | undefined, { open, recent }: Facts): readonly Announcement[] {
  const concerns = ({ request, plan }: Operation): boolean =>
    subject === undefined || request.service === subject || concernsSubject(plan, subject);
  const flying = open.filter(concerns).slice(0, MOST_OPERATIONS);
  const last = recent.find(
    (operation) => concerns(operation) && operation.steps.some(({ state }) => state === 'done'),
  );
  return [
    ...flying.map((operation) => ({
      kind: 'operation-line' as const,
      id: operation.id,
      state: operation.state,
      person: operation.request.person,
      plan: summarizePlan(operation.plan),
      at: operation.createdAt,
      missing: missingApprovals(operation),
      expiresAt: operation.expiresAt,
    })),
    last === undefined
      ? { kind: 'no-change-known' }
      : {
          kind: 'last-change',
          id: last.id,
          state: last.state,
          person: last.request.person,
          what: summarizePlan(last.plan),
          at: last.endedAt ?? last.touchedAt,
        },
  ];
}
