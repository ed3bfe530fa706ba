import { randomUUID } from 'node:crypto';
import type { Operation, OperationState, Vote } from '../../core/operation.ts';
import { afterTransition, afterVote } from '../../core/progress.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Suspension } from '../../core/suspension.ts';
import type { Store, Transition } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS, wildcards } from './keys.ts';
import type { KnownOperations } from './known-operations.ts';
import type { ChangeReply, Link } from './link.ts';
import { linesOfId } from './operations.ts';
import { addRowsTo } from './outbox-rows.ts';
import { voteField } from './records.ts';
import { refusedTransition, transitionChange } from './transition.ts';

/**
 * The part of the store that counts approvals.
 *
 * @param options.timeFrom whose clock ends the wait: that of Redis, one for all processes, or the caller's `now`, for tests.
 */
export function voteMethods(
  link: Link,
  options: {
    readonly retentionMs: number;
    readonly timeFrom: 'redis' | 'caller';
    readonly known: KnownOperations;
  },
): Pick<Store, 'vote' | 'withdraw'> {
  const { retentionMs, timeFrom, known } = options;

  const linesOf = async (id: string): Promise<Result<readonly string[]>> => {
    const lines = known.linesOf(id);
    return lines === undefined
      ? link.read(async (client) => ok((await linesOfId(client, id)) ?? []))
      : ok(lines);
  };

  const beginning = (begin: Transition, lines: readonly string[]): Change => {
    const change = transitionChange(begin, lines, retentionMs);
    addRowsTo(change, begin.rows ?? [], link);
    return change;
  };

  /** @param voted the operation as the vote has left it. */
  const begunBy = (voted: Operation, begin: Transition, changed: Result<ChangeReply>): Result<Operation> => {
    if (!changed.ok) return changed;
    if (changed.value.kind === 'refused') return refusedTransition({ ...begin, ifVote: '' }, changed.value);
    return known.move(afterTransition(voted, begin), changed.value.digest);
  };

  return {
    vote: async (id, vote, now, begin) => {
      const before = known.find(id);
      const digest = known.digestOf(id);
      const lines = await linesOf(id);
      if (!lines.ok) return lines;
      const keys = lines.value.map(KEYS.line);
      const call = {
        keys: [KEYS.operation(id), KEYS.open, KEYS.alike, KEYS.suspensions, KEYS.revision, ...keys],
        argv: [
          timeFrom === 'caller' ? String(now) : '',
          vote.person,
          vote.verdict,
          vote.planHash,
          JSON.stringify(vote),
          id,
          String(retentionMs),
          digest,
          'awaiting-approval',
          'queued',
          'denied',
          ...wildcards(id),
        ],
      };
      const [reply, changed] =
        begin === undefined
          ? [await link.vote(call), undefined]
          : await link.voteAndChange(call, beginning({ ...begin, ...afterVoteOf(vote, begin) }, keys));
      if (!reply.ok) return reply;
      switch (reply.value.kind) {
        case 'counted': {
          const { kind, missing, at, heads, digest: after, fields } = reply.value;
          const operation =
            fields === undefined && before !== undefined
              ? known.move(afterVote(before, vote, { missing, at }), after)
              : known.read(id, after, fields ?? {});
          if (!operation.ok) return operation;
          if (operation.value === undefined) return ok({ kind: 'unknown' });
          const others = heads.filter((head) => head !== id);
          const counted = { kind, missing, before: others, operation: operation.value };
          if (begin === undefined || changed === undefined) return ok(counted);
          return ok({ ...counted, begun: begunBy(operation.value, begin, changed) });
        }
        case 'schema':
          return fail({ kind: 'schema-unknown', id, schema: reply.value.schema });
        case 'suspended':
          return ok({ kind: 'suspended', suspension: JSON.parse(reply.value.text) as Suspension });
        case 'own':
        case 'already':
        case 'not-waiting':
        case 'expired':
        case 'plan-differs':
        case 'unknown':
          return ok(reply.value);
      }
    },
    withdraw: async (id, person) => {
      const key = KEYS.operation(id);
      const reply = await link.change(() => {
        const change = newChange(key);
        change.guard('field-in', key, 'schema', '1');
        change.guard('field-in', key, 'state', 'awaiting-approval');
        change.guard('field-there', key, voteField(person));
        change.fields(key, { [voteField(person)]: undefined, rev: randomUUID() });
        return ok(change);
      });
      if (!reply.ok) return reply;
      if (reply.value.kind === 'done') return ok('withdrawn');
      const [schema = '', state = ''] = reply.value.found;
      if (schema === '') return ok('none');
      if (reply.value.guard === 1) return fail({ kind: 'schema-unknown', id, schema });
      return ok(reply.value.guard === 2 ? { kind: 'not-waiting', state: state as OperationState } : 'none');
    },
  };
}

/** The vote itself is one change. */
function afterVoteOf(
  { person }: Vote,
  { ifRevision }: Transition,
): Pick<Transition, 'ifVote' | 'ifRevision'> {
  return {
    ifVote: person,
    ...(ifRevision === undefined ? {} : { ifRevision: String(Number(ifRevision) + 1) }),
  };
}
