import { readAudit } from '../adapters/audit/read.ts';
import { examineRedis } from '../adapters/redis/examine.ts';
import type { Config } from '../config.ts';
import { BOUNDS } from '../config/bounds.ts';
import type { AuditFact } from '../core/audit-story.ts';
import { retell } from '../core/audit-story.ts';
import type { DoctorLine } from '../core/doctor-line.ts';
import { isFinal } from '../core/operation.ts';
import type { Store } from '../ports/store.ts';
import type { RedisServer } from './redis.ts';

/** What was found before anything is done. */
export interface StartCheck {
  /** Why Sluice must not act as things are, and what to type. */
  readonly reasons: readonly string[];
  /** What is not as it should be, and stops nobody. */
  readonly warnings: readonly string[];
  /** Operations that the audit log knows, by the message that asked for them. */
  readonly heard: ReadonlyMap<string, string>;
}

/**
 * Looks whether what must not be lost is kept safe, and whether it is still there. A Redis that does not answer is no reason: it is waited for, and nothing is
 * written meanwhile.
 */
export async function checkStart(
  config: Config,
  { redis, store }: { readonly redis: RedisServer; readonly store: Store },
): Promise<StartCheck> {
  const [facts, lines, known] = await Promise.all([
    readAudit(config.stateDir),
    config.redis === undefined ? [] : examineRedis(redis.address, BOUNDS.examineMs),
    store.recent(1),
  ]);
  const answers = known.ok;
  const texts = (wanted: DoctorLine['status']): readonly string[] =>
    lines.filter(({ status }) => status === wanted).map(({ part, text }) => `${part}: ${text}`);
  const oldest = Date.now() - config.retentionMs;
  const recent = facts.filter(({ at }) => at > oldest);
  return {
    reasons: [
      ...(answers ? texts('FAIL') : []),
      ...(answers && known.value.length === 0 ? lostLines(recent) : []),
    ],
    warnings: texts('warn'),
    heard: new Map(retell(recent).operations.map(({ id, request }) => [request.eventKey, id])),
  };
}

/** An empty journal beside a log of what was done: Redis has lost its data, or it is another Redis. */
function lostLines(facts: readonly AuditFact[]): readonly string[] {
  const { operations } = retell(facts);
  if (operations.length === 0) return [];
  const open = operations.filter(({ state }) => !isFinal(state)).length;
  return [
    `the journal in Redis is empty, and audit.log knows ${String(operations.length)} operations, ${String(open)} of them unfinished: is it the right Redis? If its data is lost, type: sluice audit rebuild`,
  ];
}
