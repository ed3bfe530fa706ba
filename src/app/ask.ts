import type { Announcement } from '../core/announcement/announcement.ts';
import type { RuleApplied } from '../core/authorization.ts';
import { byHandSteps } from '../core/by-hand.ts';
import type { Fault } from '../core/fault.ts';
import { stateText } from '../core/node.ts';
import type { Plan } from '../core/plan.ts';
import { objectCount } from '../core/plan.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { plannedWork } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { hashPlan } from '../core/signature.ts';
import { cancelOperation } from './cancel-operation.ts';
import { audit } from './journal.ts';
import { judgeWish } from './judge-wish.ts';
import type { Draft } from './new-operation.ts';
import { draftOperation, storeOperation } from './new-operation.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { answer } from './speak.ts';
import type { Utterance } from './utterance.ts';
import type { Asked, Wish } from './wish.ts';

/** The most by-hand lines that are said in the channel. */
const MOST_BY_HAND = 3;

/** Does what was considered. */
export type Act = () => Promise<void>;

/**
 * Considers what somebody asks for.
 *
 * @returns what answers them: refuses, says that there is nothing to do, shows a dry run, or stores the operation and says what it waits for. Nothing is written
 * to production there, and nothing at all is done here.
 */
export async function considerPlan(parts: Parts, outbox: Outbox, asked: Asked): Promise<Act> {
  const { wish, utterance, gathered } = asked;
  const { nick } = utterance;
  const { plan } = wish;
  const say =
    (...announcements: Announcement[]): Act =>
    () =>
      answer(parts, utterance, announcements);
  if (objectCount(plan) === 0)
    return say({
      kind: 'nothing-to-do',
      nick,
      service: plan.service,
      alreadySo: alreadySoOf(plan),
      verb: plan.verb,
    });
  const { rule: judged, notes } = await judgeWish(parts, asked);
  const known: Asked = { ...asked, wish: { ...wish, plan: { ...plan, notes: [...plan.notes, ...notes] } } };
  if (wish.dryRun) return () => tellDryRun(parts, known, judged);
  if (gathered.storeFault !== undefined) return say(...nothingQueued(nick, plan, gathered.storeFault));
  if (!judged.ok) {
    const { fault } = judged;
    return async () => {
      await audit(parts, undefined, {
        event: 'refused',
        person: utterance.person.name,
        data: { line: wish.line, fault },
      });
      await say({ kind: 'refused', nick, fault, hint: hintFor(fault, plan.service) })();
    };
  }
  const { value: rule } = judged;
  const draft = draftOperation(parts, known, { rule, attempt: 0 });
  return () =>
    ask(parts, outbox, known, (attempt) =>
      attempt === 0 ? draft : draftOperation(parts, known, { rule, attempt }),
    );
}

/** Stores the operation, and says what it waits for. */
async function ask(
  parts: Parts,
  outbox: Outbox,
  asked: Asked,
  draftOf: (attempt: number) => Draft,
): Promise<void> {
  const { wish, utterance } = asked;
  const { nick } = utterance;
  const { plan } = wish;
  const say = (...announcements: Announcement[]): Promise<void> => answer(parts, utterance, announcements);
  const earlier = await forgottenOperation(parts, utterance.eventKey);
  if (earlier !== undefined) return say({ kind: 'forgotten', nick, id: earlier });
  const storing = storeOperation(parts, draftOf);
  // When that is on its way.
  setImmediate(() => {
    outbox.word(draftOf(0).rows);
  });
  const stored = await storing;
  if (!stored.ok) return say(...nothingQueued(nick, plan, stored.fault));
  if ('duplicate' in stored.value) {
    const { duplicate, state } = stored.value;
    return say({ kind: 'already-known', nick, id: duplicate, state });
  }
  const { operation, rows, before } = stored.value;
  await parts.faultPoint('after-create');
  await audit(parts, operation.id, {
    event: operation.state,
    person: utterance.person.name,
    data: { request: operation.request, plan, planHash: operation.planHash, rule: operation.rule },
  });
  // The second copy first: what is said in chat must be known, whatever is lost then.
  outbox.offer(rows);
  await leaveBehind(parts, outbox, wish, utterance);
  // Whoever stands before it wakes it.
  if (operation.state !== 'queued' || before.length > 0) return;
  const reading = asked.ahead.begin(operation);
  const tell = (): Promise<void> => Promise.resolve();
  if (reading !== undefined) asked.ahead.hand(reading, { operation, store: undefined, tell });
  await parts.queue.wake(operation.id);
}

/**
 * A network may deliver a message again that was heard by a process before. The journal knows it; where the journal has lost it, the audit log does, and what it
 * asked for must not be done a second time.
 */
async function forgottenOperation({ settings, store }: Parts, eventKey: string): Promise<string | undefined> {
  const id = settings.heardBefore(eventKey);
  if (id === undefined) return undefined;
  const known = await store.operation(id);
  return known.ok && known.value === undefined ? id : undefined;
}

/** What is being put back does not go on: a held operation ends when its undo is asked for. */
async function leaveBehind(
  parts: Parts,
  outbox: Outbox,
  { plan, earlier }: Wish,
  { person }: Utterance,
): Promise<void> {
  if (plan.undoes !== undefined && earlier?.state === 'held')
    await cancelOperation(parts, outbox, earlier, person.name);
}

function alreadySoOf(plan: Plan): readonly { readonly name: string; readonly state: string }[] {
  if ('scales' in plan)
    return plan.alreadySo.map(({ key, replicas }) => ({ name: key.cluster, state: String(replicas) }));
  return plan.alreadySo.map(({ key, state }) => ({ name: key.host, state: stateText(state) }));
}

async function tellDryRun(parts: Parts, asked: Asked, judged: Result<RuleApplied>): Promise<void> {
  const { wish, utterance } = asked;
  const { notes } = wish.plan;
  await audit(parts, undefined, {
    event: 'dry-run',
    person: utterance.person.name,
    data: { line: wish.line, planHash: hashPlan(wish.plan) },
  });
  await answer(parts, utterance, [
    {
      kind: 'dry-run',
      nick: utterance.nick,
      approvals: judged.ok ? judged.value.approvals : 0,
      plan: summarizePlan(wish.plan),
      notes,
      journal: asked.gathered.storeFault === undefined,
      fault: judged.ok ? undefined : judged.fault,
    },
  ]);
}

/** When nothing can be queued, the exact lines to type instead; Redis is not needed for those. */
function nothingQueued(nick: string, plan: Plan, fault: Fault): readonly Announcement[] {
  const lines = byHandSteps(plannedWork(plan).steps);
  const shown = lines.slice(0, MOST_BY_HAND);
  return [
    { kind: 'nothing-queued', nick, fault, byHand: shown, more: lines.length - shown.length },
    ...shown.map((line) => ({ kind: 'by-hand' as const, line })),
  ];
}

/** What to type next after a refusal. */
function hintFor(fault: Fault, service: string): string | undefined {
  switch (fault.kind) {
    case 'floor':
    case 'last-host':
    case 'share-removed':
      return `See !status ${service}.`;
    case 'no-rule':
      return 'See policy.yaml.';
    default:
      return undefined;
  }
}
