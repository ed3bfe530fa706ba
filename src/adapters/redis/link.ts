import type { Redis } from 'ioredis';
import type { OperationState } from '../../core/operation.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Change } from './change.ts';
import type { Log } from '../../observe/log.ts';
import { ANSWER_WITHIN_MS, answered, unreachable } from './connection.ts';
import { KEYS } from './keys.ts';
import type { Fields } from './records.ts';
import {
  CHANGE_SCRIPT,
  LEASE_SCRIPT,
  LIST_SCRIPT,
  MARKS_SCRIPT,
  READ_SCRIPT,
  STANDING_SCRIPT,
  VOTE_SCRIPT,
} from './scripts.ts';

/** Timers and clocks count in milliseconds, and may be one off: what is made in the last of them could be told as not made. */
const MARGIN_MS = 5;
/** How long replicas have to take a change. */
const REPLICATED_WITHIN_MS = 500;

/** For `answer` of a change: the digest of the first key's hash after it. */
export const DIGEST_ONLY = '+';
/** For `answer` of a change: the hash too, whatever it was before. */
export const ANY_HASH = '*';

/** A hash, and what it comes to: another text when anything in it has changed, '' for one that is not there. */
interface Digested {
  readonly digest: string;
  /** undefined when it is known already, or was not asked for. */
  readonly fields: Fields | undefined;
}

/** Ids of operations, and those that are open and not as the caller knows them. */
interface Listed {
  readonly open: readonly string[];
  readonly recent: readonly string[];
  readonly changed: readonly { readonly id: string; readonly digest: string; readonly fields: Fields }[];
}

/** How a change is made and answered. */
interface ChangeOptions {
  readonly replicated?: Replicated;
  /** What to answer with of the first key's hash: nothing, `DIGEST_ONLY`, `ANY_HASH`, or the hash unless it had this digest before. */
  readonly answer?: string;
}

/** What came of a change: the hash after it, or the first guard that did not hold (from 1) and what each guard found. */
export type ChangeReply =
  | ({ readonly kind: 'done'; readonly heads: readonly string[] } & Digested)
  | { readonly kind: 'refused'; readonly guard: number; readonly found: readonly string[] };

/** What the vote script says. */
type VoteReply =
  | {
      readonly kind: 'counted';
      readonly missing: number;
      readonly at: number;
      readonly heads: readonly string[];
      readonly digest: string;
      /** undefined when it is known but for the vote. */
      readonly fields: Fields | undefined;
    }
  | { readonly kind: 'suspended'; readonly text: string }
  | { readonly kind: 'own' | 'already'; readonly missing: number }
  | { readonly kind: 'not-waiting'; readonly state: OperationState }
  | { readonly kind: 'expired'; readonly at: number }
  | { readonly kind: 'schema'; readonly schema: string }
  | { readonly kind: 'plan-differs' | 'unknown' };

/**
 * What is done where a change is not on enough replicas in time: with `must` it counts as not made, for what follows from it must not happen; with `should` it
 * counts, and is logged. Without either nobody waits.
 */
export type Replicated = 'must' | 'should' | undefined;

/** Reads and changes of the journal's Redis. Each call ends within `ANSWER_WITHIN_MS`. */
export interface Link {
  /** Whether this process says at once what it stores to be said. */
  speaks(): boolean;
  read<T>(work: (client: Redis) => Promise<Result<T>>): Promise<Result<T>>;
  /** The hashes of these keys, in their order; an empty one for a key that is not there. */
  hashes(keys: readonly string[]): Promise<readonly Fields[]>;
  /** One hash. @param digest what is known of it. */
  hash(key: string, digest: string): Promise<Result<Digested>>;
  /** The answer of the script of what holds at the moment, as it is. */
  standing(call: Call): Promise<Result<readonly unknown[]>>;
  /** @param argv as the list's script wants it. */
  list(argv: readonly string[]): Promise<Result<Listed>>;
  /** @param prepare may read first; its change is then made or refused as a whole. */
  change(
    prepare: (client: Redis) => Promise<Result<Change>> | Result<Change>,
    options?: ChangeOptions,
  ): Promise<Result<ChangeReply>>;
  vote(call: Call): Promise<Result<VoteReply>>;
  /** The same, and a change directly behind it. Its answer is the digest of its first key's hash. */
  voteAndChange(
    call: Call,
    change: Change,
  ): Promise<readonly [vote: Result<VoteReply>, change: Result<ChangeReply>]>;
  marks(call: Call): Promise<Result<void>>;
  /** The answer of the lease's script as it is. */
  lease(call: Call): Promise<Result<readonly unknown[]>>;
}

/** What a script is called with; `argv` without the `not-after` in front. */
interface Call {
  readonly keys: readonly string[];
  readonly argv: readonly string[];
}

type Script = (keys: number, ...args: readonly string[]) => Promise<unknown>;
interface Scripts {
  readonly sluiceTime: Script;
  readonly sluiceRead: Script;
  readonly sluiceList: Script;
  readonly sluiceStanding: Script;
  readonly sluiceLease: Script;
  readonly sluiceChange: Script;
  readonly sluiceVote: Script;
  readonly sluiceMarks: Script;
}

/** Wraps a client. It opens and closes nothing. */
export function linkTo(
  client: Redis,
  {
    minReplicas,
    log,
    speaks,
  }: { readonly minReplicas: number; readonly log: Log; readonly speaks: () => boolean },
): Link {
  client.defineCommand('sluiceChange', { lua: CHANGE_SCRIPT });
  client.defineCommand('sluiceVote', { lua: VOTE_SCRIPT });
  client.defineCommand('sluiceRead', { lua: READ_SCRIPT });
  client.defineCommand('sluiceList', { lua: LIST_SCRIPT });
  client.defineCommand('sluiceStanding', { lua: STANDING_SCRIPT });
  client.defineCommand('sluiceMarks', { lua: MARKS_SCRIPT });
  client.defineCommand('sluiceTime', { lua: "return redis.call('TIME')" });
  client.defineCommand('sluiceLease', { lua: LEASE_SCRIPT });
  const scripts = client as unknown as Scripts;

  // How far Redis' clock is ahead of our monotonic one: a change carries the time until which somebody still waits for it, and one that
  // arrives later (Redis was frozen, the network held it back) is not made, since its caller was told that nothing was stored.
  let aheadMs: number | undefined;
  client.on('close', () => {
    aheadMs = undefined;
  });
  const clockAhead = async (): Promise<number> => {
    // By a script with a key: in a cluster it is the clock of the node that has the journal.
    const [seconds, micros] = (await scripts.sluiceTime(1, KEYS.open)) as readonly string[];
    return Number(seconds) * 1000 + Number(micros) / 1000 - performance.now();
  };

  /** The script and the wait go out together, so that it is the wait for that very change, on the connection and the node that made it. */
  const andWait = async (
    script: 'sluiceChange' | 'sluiceVote',
    keys: number,
    args: readonly string[],
    replicated: 'must' | 'should',
  ): Promise<Result<readonly unknown[]>> => {
    const lua = script === 'sluiceChange' ? CHANGE_SCRIPT : VOTE_SCRIPT;
    const replies = await client
      .pipeline()
      .eval(lua, keys, ...args)
      .wait(minReplicas, REPLICATED_WITHIN_MS)
      .exec();
    const [error, reply] = replies?.[0] ?? [];
    if (error !== null && error !== undefined) throw error;
    const answer = reply as readonly unknown[];
    if (answer[0] === 'late') {
      aheadMs = undefined;
      return unreachable('the change reached Redis too late and was not made');
    }
    const count = Number(replies?.[1]?.[1] ?? 0);
    const isMade = answer[0] === 'done' || answer[0] === 'counted';
    if (!isMade || count >= minReplicas) return ok(answer);
    const cause = `on ${String(count)} of ${String(minReplicas)} replicas only`;
    log.error({ cause }, 'redis: what was stored could be lost with its server');
    return replicated === 'must' ? fail({ kind: 'store-refuses', cause }) : ok(answer);
  };

  const run = (
    script: 'sluiceChange' | 'sluiceVote' | 'sluiceMarks',
    prepare: (client: Redis) => Promise<Result<Call>>,
    replicated: Replicated,
  ): Promise<Result<readonly unknown[]>> => {
    const until = performance.now() + ANSWER_WITHIN_MS - MARGIN_MS;
    return answered(async () => {
      aheadMs ??= await clockAhead();
      const call = await prepare(client);
      if (!call.ok) return call;
      const { keys, argv } = call.value;
      const notAfter = String(Math.floor(until + aheadMs));
      const args = [...keys, notAfter, ...argv];
      if (minReplicas > 0 && replicated !== undefined && script !== 'sluiceMarks')
        return andWait(script, keys.length, args, replicated);
      const reply = (await scripts[script](keys.length, ...args)) as readonly unknown[];
      if (reply[0] !== 'late') return ok(reply);
      // Either it was late, or somebody set the clock of Redis: then the next one measures anew.
      aheadMs = undefined;
      return unreachable('the change reached Redis too late and was not made');
    });
  };

  return {
    speaks,
    read: (work) => answered(() => work(client)),
    hashes: async (keys) => {
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.hgetall(key);
      const replies = (await pipeline.exec()) ?? [];
      return replies.map(([error, fields]) => {
        if (error !== null) throw error;
        return fields as Fields;
      });
    },
    hash: (key, digest) =>
      answered(async () => ok(digested((await scripts.sluiceRead(1, key, digest)) as readonly unknown[]))),
    standing: ({ keys, argv }) =>
      answered(async () =>
        ok((await scripts.sluiceStanding(keys.length, ...keys, ...argv)) as readonly unknown[]),
      ),
    list: (argv) =>
      answered(async () =>
        ok(listed((await scripts.sluiceList(2, KEYS.open, KEYS.recent, ...argv)) as readonly unknown[])),
      ),
    change: async (prepare, { replicated, answer = '' } = {}) => {
      const reply = await run(
        'sluiceChange',
        async () => {
          const change = await prepare(client);
          return change.ok ? ok(callOf(change.value, answer)) : change;
        },
        replicated,
      );
      return reply.ok ? ok(changeReply(reply.value)) : reply;
    },
    vote: async (call) => {
      const reply = await run('sluiceVote', () => Promise.resolve(ok(call)), 'should');
      return reply.ok ? ok(voteReply(reply.value)) : reply;
    },
    marks: async (call) => {
      const reply = await run('sluiceMarks', () => Promise.resolve(ok(call)), undefined);
      return reply.ok ? ok(undefined) : reply;
    },
    voteAndChange: async (call, change) => {
      // In this order: a change that came first would be refused.
      const [vote, changed] = await Promise.all([
        run('sluiceVote', () => Promise.resolve(ok(call)), 'should'),
        run('sluiceChange', () => Promise.resolve(ok(callOf(change, DIGEST_ONLY))), 'must'),
      ]);
      return [
        vote.ok ? ok(voteReply(vote.value)) : vote,
        changed.ok ? ok(changeReply(changed.value)) : changed,
      ];
    },
    lease: ({ keys, argv }) =>
      answered(async () =>
        ok((await scripts.sluiceLease(keys.length, ...keys, ...argv)) as readonly unknown[]),
      ),
  };
}

/** A change as its script is called, counted: whoever has read the journal before finds out. */
function callOf(change: Change, answer: string): Call {
  change.effect('INCR', KEYS.revision);
  return { keys: change.keys, argv: [answer, change.json()] };
}

/** The answer of a change that may not be refused; for those without guards. */
export function doneOnly(reply: Result<ChangeReply>): Result<void> {
  return reply.ok ? ok(undefined) : fail(reply.fault);
}

function changeReply(reply: readonly unknown[]): ChangeReply {
  if (reply[0] === 'done')
    return { kind: 'done', heads: reply[1] as readonly string[], ...digested(reply.slice(2)) };
  return { kind: 'refused', guard: Number(reply[1]), found: reply.slice(2).map(String) };
}

function voteReply(reply: readonly unknown[]): VoteReply {
  const kind = reply[0] as VoteReply['kind'];
  switch (kind) {
    case 'counted':
      return {
        kind,
        missing: Number(reply[1]),
        at: Number(reply[2]),
        heads: reply[3] as readonly string[],
        ...digested(reply.slice(4)),
      };
    case 'suspended':
      return { kind, text: String(reply[1]) };
    case 'own':
    case 'already':
      return { kind, missing: Number(reply[1]) };
    case 'not-waiting':
      return { kind, state: reply[1] as OperationState };
    case 'expired':
      return { kind, at: Number(reply[1]) };
    case 'schema':
      return { kind, schema: String(reply[1]) };
    case 'plan-differs':
    case 'unknown':
      return { kind };
  }
}

function digested([digest = '', hash]: readonly unknown[]): Digested {
  return { digest: digest as string, fields: hash === undefined ? undefined : pairs(hash) };
}

function listed([open, recent, ...rest]: readonly unknown[]): Listed {
  const changed: Listed['changed'][number][] = [];
  for (let at = 0; at + 2 < rest.length; at += 3)
    changed.push({ id: rest[at] as string, digest: rest[at + 1] as string, fields: pairs(rest[at + 2]) });
  return { open: open as readonly string[], recent: recent as readonly string[], changed };
}

/** A script answers with a hash as one flat list. */
export function pairs(reply: unknown): Fields {
  const list = reply as readonly string[];
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) fields[list[at] ?? ''] = list[at + 1] ?? '';
  return fields;
}
