import { eligibleApprovers } from '../core/approval.ts';
import type { Reads } from '../core/facts.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Pool, PoolKey } from '../core/node.ts';
import { poolPath } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import type { Plan } from '../core/plan.ts';
import { commandOf } from '../core/plan.ts';
import { ok } from '../core/result.ts';
import { suspensionFault } from '../core/suspension.ts';
import { refuse } from './admit.ts';
import { isAsSeen } from './as-seen.ts';
import type { Act } from './ask.ts';
import { considerPlan } from './ask.ts';
import type { Reading } from './gather.ts';
import { beginReading, gatherFacts } from './gather.ts';
import type { Ear } from './ear.ts';
import { answer } from './speak.ts';
import type { Standing } from './standing.ts';
import { readStanding } from './standing.ts';
import type { Utterance } from './utterance.ts';
import type { Wish } from './wish.ts';

/** A line that asks: for an answer, or for a change. */
type Question = Invocation & {
  readonly command: Exclude<Invocation['command'], { readonly kind: 'decide' }>;
};

/** What is read for a question. */
interface Looked extends Reading {
  readonly reads: Reads;
  readonly standing: Promise<Standing> | undefined;
}

/**
 * Reads what the command needs, then answers, or asks for a change.
 *
 * While production is being read, a change is thought over with what the watch has seen of it. When that turns out to be what production is, the work is done;
 * when not, it is thought over anew. Until then nothing is said, stored or noted.
 */
export async function hearQuestion(ear: Ear, question: Question, utterance: Utterance): Promise<void> {
  const { parts, shared } = ear;
  const { command, given } = question;
  const reads = command.reads(given);
  const isPlan = command.kind === 'plan';
  const reading = beginReading(parts, reads, shared);
  const looked = { reads, ...reading, standing: isPlan ? standingFor(ear, reads) : undefined };
  // In a crowd there is other work to do meanwhile, and production changes under it.
  const mayThink = isPlan && reads.kind === 'service' && ear.questions.isQuiet;
  const seen = mayThink ? parts.conftool.seen(reads.service) : undefined;
  if (seen !== undefined) {
    const production = Promise.resolve(ok(seen));
    const act = await consider(ear, question, utterance, { ...looked, production });
    if (isAsSeen(await reading.production, seen)) return act();
  }
  const act = await consider(ear, question, utterance, looked);
  return act();
}

/** @returns what there is to be done about it; nothing of it is done yet. */
async function consider(
  ear: Ear,
  question: Question,
  utterance: Utterance,
  { reads, standing: reading, ...looked }: Looked,
): Promise<Act> {
  const { parts, outbox, ahead } = ear;
  const { command, given } = question;
  const [gathered, standing] = await Promise.all([
    gatherFacts(parts, reads, { asker: utterance, logged: ear.log.lines(), ...looked }),
    reading,
  ]);
  const suspended = standing?.journaled.ok === true ? standing.journaled.value.suspensions : [];
  const suspension = suspensionFault(suspended, utterance.person.name);
  if (suspension !== undefined) return () => refuse(parts, utterance, suspension);
  if (!gathered.ok) return () => refuse(parts, utterance, gathered.fault);
  const { facts, storeFault } = gathered.value;
  if (reads.kind === 'service' && facts.pools.length > 0)
    ear.poolsOf.set(reads.service, facts.pools.map(keyOf));
  // Production alone answers `!status` and plans a dry run; what is about operations needs the journal.
  const needsJournal = reads.kind === 'operation' || reads.kind === 'operations';
  if (storeFault !== undefined && needsJournal) return () => refuse(parts, utterance, storeFault);
  if (command.kind === 'answer') {
    const said = command.answer(given, facts);
    return () => (said.ok ? answer(parts, utterance, said.value) : refuse(parts, utterance, said.fault));
  }
  const plan = command.plan(given, facts);
  if (!plan.ok) return () => refuse(parts, utterance, plan.fault);
  if (standing === undefined) return () => Promise.resolve();
  return considerPlan(parts, outbox, {
    standing,
    wish: wishOf(ear, question, plan.value, facts.operation),
    utterance,
    gathered: gathered.value,
    ahead,
  });
}

/** What holds at the moment, with the removals of the pools that the service had when it was asked for last: most times they are the same. */
function standingFor({ parts, shared, poolsOf }: Ear, reads: Reads): Promise<Standing> {
  const pools = reads.kind === 'service' ? (poolsOf.get(reads.service) ?? []) : [];
  return shared.read(`standing ${pools.map(poolPath).join(' ')}`, () => readStanding(parts, pools));
}

function keyOf({ dc, cluster, service }: Pool): PoolKey {
  return { dc, cluster, service };
}

/** An undo or a retry that gives no reason or task of its own goes on under those of the operation it is about. */
function wishOf({ parts, seen }: Ear, question: Question, plan: Plan, earlier: Operation | undefined): Wish {
  const { reason, tasks, line, dryRun, breakGlass, isPrivate } = question;
  const inherited = plan.undoes === undefined ? (earlier?.request.reason ?? '') : '';
  return {
    command: commandOf(plan),
    plan,
    line,
    // The line itself stays in the audit log.
    reason: isPrivate ? '' : reason === '' ? inherited : reason,
    tasks: tasks.length === 0 ? (earlier?.request.tasks ?? []) : tasks,
    dryRun,
    breakGlass,
    earlier,
    seen: (rule, asker) =>
      eligibleApprovers(rule, asker, [], seen.lately(parts.settings.bounds.seenLatelyMs)),
  };
}
