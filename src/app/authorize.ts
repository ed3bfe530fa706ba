import type { RuleApplied } from '../core/authorization.ts';
import { judge } from '../core/authorization.ts';
import { serviceFacts } from '../core/catalogue.ts';
import { takesAway } from '../core/make-plan.ts';
import { breakGlassFault } from '../core/limits.ts';
import type { BreakGlass, Operation } from '../core/operation.ts';
import type { Person } from '../core/people.ts';
import type { Plan } from '../core/plan.ts';
import { objectCount } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Settings } from './parts.ts';

/** What is judged: a plan, who wants it, and what there was before. */
export interface Wanted {
  readonly command: string;
  readonly plan: Plan;
  readonly person: Person;
  readonly now: number;
  /** Earlier operations, for limits per person and time; the one that is judged is left out by `id`. */
  readonly recent: readonly Operation[];
  readonly id: string | undefined;
  /** The operation that an undo puts back. */
  readonly undone: Operation | undefined;
  /** Every load balancer finds every one of its hosts down. */
  readonly lbDown: boolean;
  readonly breakGlass: BreakGlass | undefined;
  /** More approvals than the plan wanted when it was made. */
  readonly approvalsLeast?: number;
}

/** The rule that decides, from Sluice's own policy file. Judged when somebody asks and again before every write. */
export function authorize(settings: Settings, wanted: Wanted): Result<RuleApplied> {
  const { plan, person, now, undone } = wanted;
  const removes = takesAway(plan);
  const judgeFor = (service: string): Result<RuleApplied> =>
    judge(settings.policy(), {
      command: wanted.command,
      service,
      state: serviceFacts(settings.catalogue, service).state,
      hosts: objectCount(plan),
      undoAgeMs: undone === undefined ? undefined : now - (undone.endedAt ?? undone.touchedAt),
      // Taking away what another person's operation added is a removal like any other: not for the short way back.
      othersCapacity: undone !== undefined && removes && undone.request.person !== person.name,
      recentObjects: (perMs) => recentObjects(wanted, perMs),
      person: person.name,
      personRoles: person.roles,
      networks: settings.networks,
      lbDown: wanted.lbDown,
      breakGlass: wanted.breakGlass !== undefined,
      paceNone: plan.pace?.takeUp === false,
    });
  const rule = atLeast(settings, strictest(servicesOf(plan).map(judgeFor)), wanted);
  if (!rule.ok || wanted.breakGlass === undefined) return rule;
  const spent = breakGlassFault(person.name, wanted.recent, now, wanted.id);
  return spent === undefined ? rule : fail(spent);
}

/** The conftool services whose rules a plan is judged by: of a number of pods the one that they stand behind. */
function servicesOf(plan: Plan): readonly string[] {
  if ('scales' in plan) return [plan.behind ?? plan.service];
  return [...new Set(plan.changes.map(({ key }) => key.service))];
}

/** Some plans want more people than the rule; then those of the rule may approve, or else those who may ask. */
function atLeast(
  settings: Settings,
  rule: Result<RuleApplied>,
  { plan, approvalsLeast = 0, breakGlass }: Wanted,
): Result<RuleApplied> {
  if (!rule.ok || breakGlass !== undefined) return rule;
  const least = Math.max('scales' in plan ? plan.approvalsLeast : 0, approvalsLeast);
  if (least <= rule.value.approvals) return rule;
  const { approve, number } = rule.value;
  const ask = settings.policy().rules[number - 1]?.ask ?? [];
  return ok({ ...rule.value, approvals: least, approve: approve.length === 0 ? ask : approve });
}

/** Of several services the one that asks for most decides; one that refuses, refuses all. */
function strictest(rules: readonly Result<RuleApplied>[]): Result<RuleApplied> {
  const refused = rules.find((rule) => !rule.ok);
  if (refused !== undefined) return refused;
  const applied = rules.flatMap((rule) => (rule.ok ? [rule.value] : []));
  const [most] = [...applied].sort((a, b) => b.approvals - a.approvals);
  if (most === undefined) return fail({ kind: 'shutting-down' });
  return ok({ ...most, maxShareRemoved: Math.min(...applied.map(({ maxShareRemoved }) => maxShareRemoved)) });
}

/** Host x service objects that the person changed, or is about to, by the same command without approval inside the window. */
function recentObjects({ recent, person, command, now, id }: Wanted, perMs: number): number {
  return recent
    .filter(
      (operation) =>
        operation.id !== id &&
        operation.request.person === person.name &&
        operation.request.command === command &&
        operation.rule.approvals === 0 &&
        operation.createdAt > now - perMs &&
        !['refused', 'expired', 'conflict'].includes(operation.state),
    )
    .reduce((sum, operation) => sum + objectCount(operation.plan), 0);
}
