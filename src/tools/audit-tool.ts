import { logsOf } from '../adapters/audit/files.ts';
import { readAudit, verifyAudit } from '../adapters/audit/read.ts';
import { connectionOptions } from '../adapters/redis/place.ts';
import { openRedisStore } from '../adapters/redis/store.ts';
import type { Config } from '../config.ts';
import { wordFault } from '../core/announcement/fault-words.ts';
import type { AuditFact } from '../core/audit-story.ts';
import { forJournal, retell } from '../core/audit-story.ts';
import type { Operation } from '../core/operation.ts';
import { touchedProduction } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { composeSal } from '../core/sal/compose.ts';
import { salEnd } from '../core/sal/from-operation.ts';
import { signRequest, signVote } from '../core/signature.ts';
import type { Log } from '../observe/log.ts';
import type { Store } from '../ports/store.ts';
import { openRedis } from '../wiring/redis.ts';
import type { Print } from './print.ts';

/**
 * Holds every line of each log against the one before.
 *
 * @param head a hash that was noted elsewhere once (syslog, metrics): a log that was written anew from there on does not have it.
 * @returns the exit code: 0 when all are whole, and one of them has that hash.
 */
export async function auditVerify(stateDir: string, head: string | undefined, print: Print): Promise<0 | 1> {
  const files = await logsOf(stateDir);
  if (files.length === 0) {
    print(`FAIL ${stateDir}: there is no audit.log`);
    return 1;
  }
  let isWhole = true;
  let isFound = false;
  for (const file of files) {
    const verified = await verifyAudit(file, head);
    if (!verified.ok) {
      print(`FAIL ${file}: ${verified.fault}`);
      isWhole = false;
      continue;
    }
    const { count, head: last, found } = verified.value;
    isFound ||= found !== undefined;
    const noted = found === undefined ? '' : `, and line ${String(found)} has the hash that was noted`;
    print(`ok ${file}: ${String(count)} lines, each follows the one before${noted}. Head: ${last}`);
  }
  if (head === undefined || isFound) return isWhole ? 0 : 1;
  print(`FAIL ${files.join(', ')}: no line has the hash ${head}: it was written anew`);
  return 1;
}

/** What to show of the log. */
export interface Shown {
  /** Of one operation only. */
  readonly id: string | undefined;
  /** Not before; milliseconds since 1970. */
  readonly since: number;
  /** Lines to be pasted into the Server Admin Log's page, in place of the log's own. */
  readonly sal: boolean;
}

/** Prints the log for people. Works without Redis, chat and etcd. */
export async function auditShow(stateDir: string, shown: Shown, print: Print): Promise<0 | 1> {
  const facts = await readAudit(stateDir);
  const { id, since, sal } = shown;
  if (sal) {
    const operations = retell(facts).operations.filter(
      (operation) => (id === undefined || operation.id === id) && operation.touchedAt >= since,
    );
    for (const line of operations.flatMap(salLine)) print(line);
    return 0;
  }
  const own = facts.filter((fact) => (id === undefined || fact.op === id) && fact.at >= since);
  for (const fact of own) print(factLine(fact));
  return own.length === 0 && id !== undefined ? 1 : 0;
}

function salLine(operation: Operation): readonly string[] {
  if (!touchedProduction(operation)) return [];
  const { state, endedAt, touchedAt } = operation;
  const end = state === 'done' ? 'PASS' : state === 'uncertain' ? 'ERROR' : 'FAIL';
  const at = endedAt ?? touchedAt;
  const text = composeSal(salEnd(operation, end, at)).replace(/^!log /, '');
  return [`* ${new Date(at).toISOString().slice(11, 16)} sluice: ${text}`];
}

function factLine({ at, op, event, person, data }: AuditFact): string {
  const when = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const what = [op ?? '-', event, person ?? '-'].join(' ');
  return `${when} ${what} ${said(data)}`.trimEnd();
}

/** The line that was typed where there is one, else the data as it is. */
function said(data: unknown): string {
  if (data === null || data === undefined) return '';
  const { request, line } = data as { readonly request?: { readonly line?: string }; readonly line?: string };
  return request?.line ?? line ?? JSON.stringify(data);
}

/**
 * Puts back into an empty journal what the log knows: after Redis has lost its data. What had not ended is uncertain, and is settled by reading.
 *
 * @returns the exit code: 1 when the journal is not empty, or Redis does not answer.
 */
export async function auditRebuild(config: Config, log: Log, print: Print): Promise<0 | 1> {
  const redis = await openRedis(config, log);
  const connection = connectionOptions(redis.address);
  const store = await openRedisStore({ connection, retentionMs: config.retentionMs, log });
  try {
    const rebuilt = await rebuild(config, store);
    if (!rebuilt.ok) {
      print(`FAIL ${rebuilt.fault}`);
      return 1;
    }
    const { restored, uncertain } = rebuilt.value;
    print(
      `ok ${String(restored)} operations are back in the journal, ${String(uncertain.length)} of them uncertain`,
    );
    for (const id of uncertain) print(`type in chat: !settle ${id}`);
    return 0;
  } finally {
    await store.close();
    await redis.close();
  }
}

async function rebuild(
  config: Config,
  store: Store,
): Promise<Result<{ readonly restored: number; readonly uncertain: readonly string[] }, string>> {
  const known = await store.recent(1);
  if (!known.ok) return fail(wordFault(known.fault).text);
  if (known.value.length > 0)
    return fail('the journal is not empty: what is in it counts, and the log is only its second copy');
  const story = retell(await readAudit(config.stateDir));
  const oldest = Date.now() - config.retentionMs;
  const kept = forJournal(story.operations).filter(({ createdAt }) => createdAt > oldest);
  for (const operation of kept) {
    const stored = await store.restore(signed(operation, config.signingKey.reveal()));
    if (!stored.ok) return fail(wordFault(stored.fault).text);
  }
  for (const lock of story.locks) await store.setLock(lock.service, lock);
  if (story.freeze !== undefined) await store.setFreeze(story.freeze, []);
  const uncertain = kept.filter(({ state }) => state === 'uncertain').map(({ id }) => id);
  return ok({ restored: kept.length, uncertain });
}

/** The log has no signatures; whoever rebuilds has the key, and says by it that this is what the log says. */
function signed(operation: Operation, key: string): Operation {
  const { id, planHash, request, votes } = operation;
  return {
    ...operation,
    signature: signRequest(key, { id, planHash, request }),
    votes: votes.map((vote) => ({ ...vote, signature: signVote(key, { id, vote }) })),
  };
}
