import type { Announcement } from '../core/announcement/announcement.ts';
import { serviceTags } from '../core/catalogue.ts';
import type { Decision } from '../core/decision.ts';
import { nearest } from '../core/nearest.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { requestStop } from './request-stop.ts';
import type { Utterance } from './utterance.ts';

/** Asks every operation that runs or is about to, to stop before its next write. */
export async function stopAll(
  parts: Parts,
  outbox: Outbox,
  utterance: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const open = await parts.store.open();
  if (!open.ok) return open;
  const person = utterance.person.name;
  const busy = open.value.filter(({ state }) => state === 'queued' || state === 'running');
  const ids: string[] = [];
  for (const operation of busy) {
    const stopped = await requestStop(parts, outbox, operation, person);
    if (stopped.ok) ids.push(operation.id);
  }
  return ok([{ kind: 'stopping', ids, person }]);
}

/** Everything stands still, or goes on. */
export async function freezeOrThaw(
  parts: Parts,
  kind: 'freeze' | 'thaw',
  reason: string,
  { person, transport, channel }: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const at = parts.clock.now();
  const set = await parts.store.setFreeze(
    kind === 'freeze' ? { by: person.name, reason, at } : undefined,
    [],
  );
  if (!set.ok) return set;
  await audit(parts, undefined, { event: kind, person: person.name, data: { reason, transport, channel } });
  return ok([{ kind: kind === 'freeze' ? 'frozen' : 'thawed', person: person.name, reason }]);
}

/** Nobody's operation starts or goes on for a service. A name that no service has would lock nothing, so that is refused. */
export async function lock(
  parts: Parts,
  { service, reason, forMs }: Extract<Decision, { kind: 'lock' }>,
  { person }: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const known = await parts.conftool.allPools();
  const isDeployment = parts.settings.deployments.some(({ name }) => name === service);
  if (known.ok && !isDeployment && !known.value.some((pool) => pool.service === service)) {
    const tags = [
      ...new Set([...known.value.map((pool) => pool.service), ...serviceTags(parts.settings.catalogue)]),
    ];
    return fail({ kind: 'service-unknown', service, nearest: nearest(service, tags) });
  }
  const at = parts.clock.now();
  const set = { service, by: person.name, reason, at, ...(forMs === undefined ? {} : { until: at + forMs }) };
  const stored = await parts.store.setLock(service, set);
  if (!stored.ok) return stored;
  await audit(parts, undefined, { event: 'locked', person: person.name, data: set });
  return ok([{ kind: 'locked', lock: set }]);
}

/** Lifts the lock of a service, whoever set it. */
export async function unlock(
  parts: Parts,
  { service, reason }: Extract<Decision, { kind: 'unlock' }>,
  { person }: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const locks = await parts.store.locks();
  if (!locks.ok) return locks;
  if (!locks.value.some((one) => one.service === service)) {
    const locked = locks.value.map((one) => one.service);
    return fail({ kind: 'not-locked', service, locked });
  }
  const lifted = await parts.store.setLock(service, undefined);
  if (!lifted.ok) return lifted;
  await audit(parts, undefined, { event: 'unlocked', person: person.name, data: { service, reason } });
  return ok([{ kind: 'unlocked', service, person: person.name, reason }]);
}
