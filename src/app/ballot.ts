import type { Fault } from '../core/fault.ts';
import type { Operation, Vote } from '../core/operation.ts';
import { afterVote } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import { findForgery, signedVote } from '../core/signature.ts';
import type { Transition, VoteOutcome } from '../ports/store.ts';
import { endOperation } from './end-operation.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { StoreDecision } from './read-ahead.ts';
import { rolesToSign } from './roles-now.ts';
import type { Utterance } from './utterance.ts';

/** What came of a vote. */
interface Cast {
  readonly outcome: VoteOutcome;
  /** Resolves when the audit log has it, or has refused it. */
  readonly audited: Promise<unknown>;
  /** The journal had another operation than this process, and not one of ours. It has ended. */
  readonly isForged: boolean;
}

/** An approval on its way to the journal. It is cast once, by whoever needs it first. */
export class Ballot {
  /** The operation as it will be when this is the last approval that it needs. */
  readonly counted: Operation;
  /** Resolves when it was cast, with what came of it. */
  readonly whenCast: Promise<Result<Cast>>;
  private readonly parts: Parts;
  private readonly outbox: Outbox;
  private readonly operation: Operation;
  private readonly vote: Vote;
  private casting: Promise<Result<Cast>> | undefined;
  private begin: Transition | undefined;
  private resolve: (cast: Promise<Result<Cast>>) => void = () => undefined;

  /** @param given.operation as this process knows it, waiting for approval. */
  constructor(
    parts: Parts,
    outbox: Outbox,
    {
      operation,
      utterance: { person, eventKey, transport },
    }: { readonly operation: Operation; readonly utterance: Utterance },
  ) {
    const { id, planHash } = operation;
    const at = parts.clock.now();
    const roles = rolesToSign(parts.settings, person);
    const vote = {
      person: person.name,
      verdict: 'approve' as const,
      planHash,
      eventKey,
      transport,
      at,
      ...roles,
    };
    this.parts = parts;
    this.outbox = outbox;
    this.operation = operation;
    this.vote = signedVote(parts.settings.signingKey, { id, vote });
    this.counted = afterVote(operation, this.vote, { missing: 0, at });
    this.whenCast = new Promise((resolve) => (this.resolve = resolve));
  }

  /** @param begin what begins with it; only whoever casts it can have that. */
  cast(begin?: Transition): Promise<Result<Cast>> {
    if (this.casting === undefined) {
      this.begin = begin;
      this.casting = this.count(begin);
      this.resolve(this.casting);
    }
    return this.casting;
  }

  /** Casts it for a run that waits for it. */
  async store(begin?: Transition): ReturnType<StoreDecision> {
    const cast = await this.cast(begin);
    if (!cast.ok || cast.value.isForged || cast.value.outcome.kind !== 'counted') return undefined;
    const { missing, before, operation, begun } = cast.value.outcome;
    if (missing > 0 || before.length > 0) return undefined;
    return begun?.ok === true && begin === this.begin
      ? { operation: begun.value, isBegun: true }
      : { operation, isBegun: false };
  }

  private async count(begin: Transition | undefined): Promise<Result<Cast>> {
    const { parts, outbox, operation, vote } = this;
    const { id } = operation;
    const { person, verdict, planHash, eventKey, transport } = vote;
    const note = (told: object, when?: 'soon'): Promise<unknown> =>
      audit(parts, id, { event: verdict, person, data: { planHash, eventKey, transport, ...told } }, when);
    // What begins with it is audited at the same time, and must not stand before it.
    const early = begin === undefined ? undefined : note({ outcome: 'cast', missing: 0 }, 'soon');
    const was = early === undefined ? {} : { was: 'cast' };
    const voted = await parts.store.vote(id, vote, vote.at, begin);
    if (!voted.ok) {
      if (early !== undefined) await note({ outcome: 'unknown', ...was });
      return voted;
    }
    const outcome = voted.value;
    const told = {
      outcome: outcome.kind,
      ...(outcome.kind === 'counted' ? { missing: outcome.missing } : {}),
    };
    const isAsNoted = outcome.kind === 'counted' && outcome.missing === 0;
    const audited = isAsNoted && early !== undefined ? early : note({ ...told, ...was });
    const isAnother = outcome.kind === 'counted' && outcome.operation.plan !== operation.plan;
    const now = isAnother && outcome.begun?.ok === true ? outcome.begun.value : undefined;
    const isForged = isAnother && (await endForged(parts, outbox, now ?? outcome.operation));
    return ok({ outcome, audited, isForged });
  }
}

/** @returns whether it was not as somebody of ours has made it. */
export async function endForged(parts: Parts, outbox: Outbox, operation: Operation): Promise<boolean> {
  const forgery = findForgery(parts.settings.signingKey, operation);
  if (forgery === undefined) return false;
  const fault: Fault = { kind: 'forged', id: operation.id, what: forgery };
  await endOperation(parts, outbox, operation, { end: 'refused', fault });
  return true;
}
