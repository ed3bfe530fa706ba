import type { Announcement } from '../core/announcement/announcement.ts';
import { byHandLines } from '../core/by-hand.ts';
import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import { areReportedDown, guardPlan } from '../core/guard-rails.ts';
import type { NodeKey, NodeState } from '../core/node.ts';
import { poolPath } from '../core/node.ts';
import { limitFault } from '../core/limits.ts';
import type { BreakGlass, Operation, Request } from '../core/operation.ts';
import type { Plan, PlanNote } from '../core/plan.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { plannedSteps } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { composeSal } from '../core/sal/compose.ts';
import { salPreview } from '../core/sal/from-operation.ts';
import { hashPlan, signRequest } from '../core/signature.ts';
import type { RuleApplied } from '../core/authorization.ts';
import type { OutboxRow } from '../ports/store.ts';
import { authorize } from './authorize.ts';
import { findBrake } from './brakes.ts';
import { cancelOperation } from './cancel-operation.ts';
import type { Gathered } from './gather.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { keysToProbe, probeHosts } from './probing.ts';
import { answer, viewRows } from './speak.ts';
import type { Utterance } from './utterance.ts';
import { writeViews } from './write-views.ts';

/** The most by-hand lines that are said in the channel. */
const MOST_BY_HAND = 3;
/** Ids tried before giving up: with three characters there are some twenty thousand. */
const ID_TRIES = 40;

/** A plan that somebody asked for, with the words around it. */
export interface Wish {
  readonly command: string;
  readonly plan: Plan;
  readonly line: string;
  readonly reason: string;
  readonly tasks: readonly string[];
  readonly dryRun: boolean;
  readonly breakGlass: BreakGlass | undefined;
  /** The operation that an undo puts back or a retry goes on with. */
  readonly earlier: Operation | undefined;
  /** Those who could approve and were seen lately. */
  readonly seen: (rule: RuleApplied, asker: string) => readonly string[];
}

/** A wish, who has it, and what was read for it. */
interface Asked {
  readonly wish: Wish;
  readonly utterance: Utterance;
  readonly gathered: Gathered;
}

/**
 * Answers somebody who asks for a change: refuses, says that there is nothing to do, shows a dry run, or stores the operation
 * and says what it waits for. Nothing is written to production here.
 */
export async function askForPlan(parts: Parts, outbox: Outbox, asked: Asked): Promise<void> {
  const { wish, utterance, gathered } = asked;
  const { nick } = utterance;
  const { plan } = wish;
  const say = (...announcements: Announcement[]): Promise<void> => answer(parts, utterance, announcements);
  if (plan.changes.length === 0) {
    const alreadySo = plan.alreadySo.map(({ key, state }) => ({ host: key.host, state }));
    return say({ kind: 'nothing-to-do', nick, service: plan.service, alreadySo, verb: plan.verb });
  }
  const { rule: judged, notes } = await judgeWish(parts, asked);
  const known: Asked = { ...asked, wish: { ...wish, plan: { ...plan, notes: [...plan.notes, ...notes] } } };
  if (wish.dryRun) return say(...(await dryRun(parts, known, judged)));
  if (gathered.storeFault !== undefined) return say(...nothingQueued(nick, plan, gathered.storeFault));
  if (!judged.ok) {
    await audit(parts, undefined, {
      event: 'refused',
      person: utterance.person.name,
      data: { line: wish.line, fault: judged.fault },
    });
    return say({ kind: 'refused', nick, fault: judged.fault, hint: hintFor(judged.fault, plan.service) });
  }
  const stored = await storeOperation(parts, known, judged.value);
  if (!stored.ok) return say(...nothingQueued(nick, plan, stored.fault));
  if ('duplicate' in stored.value) {
    const { duplicate, state } = stored.value;
    return say({ kind: 'already-known', nick, id: duplicate, state });
  }
  outbox.offer(stored.value.rows);
  const { operation } = stored.value;
  await parts.faultPoint('after-create');
  await audit(parts, operation.id, {
    event: operation.state,
    person: utterance.person.name,
    data: { request: operation.request, plan, planHash: operation.planHash, rule: operation.rule },
  });
  await leaveBehind(parts, outbox, wish, utterance);
  if (operation.state === 'queued') await parts.queue.wake(operation.id);
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

/** Policy first, then the guard rails, then the hosts themselves: who may not ask learns nothing of the numbers. */
async function judgeWish(
  parts: Parts,
  asked: Asked,
): Promise<{ readonly rule: Result<RuleApplied>; readonly notes: readonly PlanNote[] }> {
  const { wish, utterance, gathered } = asked;
  const { facts } = gathered;
  const { plan } = wish;
  const views = await viewsOf(parts, wish, gathered);
  if (!views.ok) return { rule: views, notes: [] };
  const lbDown = areReportedDown(plan.changes, views.value);
  const rule = authorize(parts.settings, {
    command: wish.command,
    plan,
    person: utterance.person,
    now: facts.now,
    recent: facts.recent,
    id: undefined,
    undone: plan.undoes === undefined ? undefined : wish.earlier,
    lbDown,
    breakGlass: wish.breakGlass,
  });
  if (!rule.ok) return { rule, notes: [] };
  const limited = await limitsOf(parts, asked);
  if (limited !== undefined) return { rule: fail(limited), notes: [] };
  const { maxShareRemoved } = rule.value;
  const judged = views.value.map((view) => ({ ...view, maxShareRemoved }));
  const open = facts.open.filter(({ id, state }) => !(id === plan.undoes?.id && state === 'held'));
  const request = { service: plan.service, services: servicesOf(plan), breakGlass: wish.breakGlass };
  const brake = await findBrake(parts, { plan, request, lbDown });
  // Without the journal nothing is queued anyway, and a dry run says what was not looked at.
  const fault = (brake.ok ? brake.value : undefined) ?? guardPlan(plan, judged, open);
  if (fault !== undefined) return { rule: fail(fault), notes: [] };
  const unprobed = wish.breakGlass?.overrides.includes('probe') === true;
  const probed = await probeHosts(parts, unprobed ? [] : keysToProbe(stepsBetween(plan)));
  return { rule: probed.fault === undefined ? rule : fail(probed.fault), notes: probed.notes };
}

function stepsBetween(plan: Plan): readonly { key: NodeKey; from: NodeState; to: NodeState }[] {
  return plan.changes.map(({ key, before, after }) => ({ key, from: before, to: after }));
}

/** The way back is never too much. */
async function limitsOf(parts: Parts, { wish, utterance, gathered }: Asked): Promise<Fault | undefined> {
  const { plan, breakGlass } = wish;
  const { limits } = parts.settings.policy();
  if (plan.undoes !== undefined || breakGlass?.overrides.includes('budget') === true) return undefined;
  const { open, recent, now } = gathered.facts;
  const written = await parts.store.writesSince(now - limits.everybody.per);
  return limitFault(limits, {
    person: utterance.person.name,
    objects: plan.changes.length,
    written: written.ok ? written.value : 0,
    open,
    recent,
    now,
  });
}

/** All services of a plan when it touches several. */
function servicesOf({ changes, service }: Plan): readonly string[] | undefined {
  const services = [...new Set(changes.map(({ key }) => key.service))];
  return services.length === 1 && services[0] === service ? undefined : services;
}

/** The pools that the plan touches. Without the journal a dry run is judged all the same; what was removed lately is then not known. */
function viewsOf(
  parts: Parts,
  { plan, breakGlass }: Wish,
  gathered: Gathered,
): Promise<Result<readonly WriteView[]>> {
  const touched = gathered.facts.pools.filter((pool) =>
    plan.effects.some((effect) => poolPath(effect.pool) === poolPath(pool)),
  );
  const journal = gathered.storeFault === undefined;
  return writeViews(parts, touched, {
    overrides: breakGlass?.overrides ?? [],
    maxShareRemoved: 0,
    journal,
  });
}

async function dryRun(
  parts: Parts,
  asked: Asked,
  judged: Result<RuleApplied>,
): Promise<readonly Announcement[]> {
  const { wish, utterance } = asked;
  const { notes } = wish.plan;
  await audit(parts, undefined, {
    event: 'dry-run',
    person: utterance.person.name,
    data: { line: wish.line, planHash: hashPlan(wish.plan) },
  });
  return [
    {
      kind: 'dry-run',
      nick: utterance.nick,
      approvals: judged.ok ? judged.value.approvals : 0,
      plan: summarizePlan(wish.plan),
      notes,
      journal: asked.gathered.storeFault === undefined,
      fault: judged.ok ? undefined : judged.fault,
    },
  ];
}

/** When nothing can be queued, the exact lines to type instead; Redis is not needed for those. */
function nothingQueued(nick: string, plan: Plan, fault: Fault): readonly Announcement[] {
  const lines = byHandLines(plannedSteps(plan));
  const shown = lines.slice(0, MOST_BY_HAND);
  return [
    { kind: 'nothing-queued', nick, fault, byHand: shown, more: lines.length - shown.length },
    ...shown.map((line) => ({ kind: 'by-hand' as const, line })),
  ];
}

interface Stored {
  readonly operation: Operation;
  readonly rows: readonly OutboxRow[];
}

async function storeOperation(
  parts: Parts,
  { wish, utterance }: { readonly wish: Wish; readonly utterance: Utterance },
  rule: RuleApplied,
): Promise<Result<Stored | { readonly duplicate: string; readonly state: Operation['state'] }>> {
  for (let attempt = 0; attempt < ID_TRIES; attempt++) {
    const operation = newOperation(parts, {
      wish,
      utterance,
      rule,
      id: parts.settings.operationId(utterance.eventKey, attempt),
    });
    const rows = requestRows(parts, operation, { wish, utterance, rule });
    const created = await parts.store.create(operation, rows);
    if (!created.ok) return created;
    if (created.value.kind === 'created') return ok({ operation, rows });
    if (created.value.kind === 'duplicate') {
      const known = await parts.store.operation(created.value.id);
      return ok({
        duplicate: created.value.id,
        state: known.ok ? (known.value?.state ?? 'refused') : 'received',
      });
    }
  }
  return fail({ kind: 'store-refuses', cause: 'no free operation id' });
}

function newOperation(
  parts: Parts,
  { wish, utterance, rule, id }: { wish: Wish; utterance: Utterance; rule: RuleApplied; id: string },
): Operation {
  const at = parts.clock.now();
  const { transport, channel, eventKey, person } = utterance;
  const services = servicesOf(wish.plan);
  const request: Request = {
    command: wish.command,
    line: wish.line,
    service: wish.plan.service,
    reason: wish.reason,
    tasks: wish.tasks,
    person: person.name,
    transport,
    channel,
    eventKey,
    at: utterance.at,
    ...(services === undefined ? {} : { services }),
    ...(wish.breakGlass === undefined ? {} : { breakGlass: wish.breakGlass }),
  };
  const planHash = hashPlan(wish.plan);
  return {
    schema: '1',
    id,
    state: rule.approvals === 0 ? 'queued' : 'awaiting-approval',
    request,
    plan: wish.plan,
    planHash,
    signature: signRequest(parts.settings.signingKey, { id, planHash, request }),
    rule,
    createdAt: at,
    expiresAt: at + rule.expiresMs,
    nudgedAt: undefined,
    queuedAt: rule.approvals === 0 ? at : undefined,
    startedAt: undefined,
    endedAt: undefined,
    touchedAt: at,
    epoch: 0,
    steps: plannedSteps(wish.plan),
    votes: [],
    stopRequestedBy: undefined,
    fault: undefined,
    viewId: undefined,
  };
}

function requestRows(
  parts: Parts,
  operation: Operation,
  {
    wish,
    utterance,
    rule,
  }: { readonly wish: Wish; readonly utterance: Utterance; readonly rule: RuleApplied },
): readonly OutboxRow[] {
  const { nick } = utterance;
  const { id, plan } = operation;
  const { breakGlass } = operation.request;
  const common = { nick, id, plan: summarizePlan(plan), notes: plan.notes };
  const announcement: Announcement =
    operation.state === 'queued'
      ? { kind: 'starts', ...common, breakGlass }
      : {
          kind: 'waits',
          ...common,
          approvals: rule.approvals,
          reactions: false,
          expiresAt: operation.expiresAt,
          seen: wish.seen(rule, operation.request.person),
          publicLine: isPrivateAt(parts, utterance) ? composeSal(salPreview(operation)) : undefined,
        };
  return viewRows(parts, operation.request, { id, name: 'request', at: operation.createdAt, announcement });
}

function isPrivateAt({ chats }: Parts, { transport, channel }: Utterance): boolean {
  const chat = chats.find((one) => one.transport === transport);
  return chat?.capabilities(channel).isPrivate === true;
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
