import type { PermissionFault } from './fault.ts';
import type { Policy, PolicyRule } from './policy.ts';
import type { Result } from './result.ts';
import { fail, ok } from './result.ts';

/** What the rule that fits asks for, as it is stored with an operation. The worker judges anew from its own policy file. */
export interface RuleApplied {
  /** Position in the policy, from 1, for messages. */
  readonly number: number;
  /** How many other people must agree. */
  readonly approvals: number;
  /** Roles whose people may approve. */
  readonly approve: readonly string[];
  /** How long the request waits for approval. */
  readonly expiresMs: number;
  /** Percent of a data centre's serving weight that may go per 30 minutes. */
  readonly maxShareRemoved: number;
  /** 2: asker and approver must act from different networks. */
  readonly networks: number;
  /** Whether an approval may come from a console of the host. */
  readonly console: boolean;
}

/** What is asked for and by whom, as far as a rule may look. */
export interface JudgedRequest {
  readonly command: string;
  /** The conftool tag. */
  readonly service: string;
  /** The catalogue's state of the service; `production` for one that it does not know. */
  readonly state: string;
  /** Host x service objects of this request. */
  readonly hosts: number;
  /** Time since the end of the operation that an undo puts back; undefined for everything else. */
  readonly undoAgeMs?: number | undefined;
  /** An undo that takes away what another person's operation added. */
  readonly othersCapacity?: boolean | undefined;
  /** Host x service objects that this person changed by the same command in the last `perMs`. */
  readonly recentObjects: (perMs: number) => number;
  readonly person: string;
  readonly personRoles: readonly string[];
  /** How many chat networks there are. A rule that wants asker and approver on two of them cannot be met with one. */
  readonly networks: number;
  /** Every load balancer reports the hosts down; false while no load balancers are configured. */
  readonly lbDown: boolean;
  /** Nobody else shall be waited for. */
  readonly breakGlass?: boolean | undefined;
  /** The load balancers shall not be waited for. */
  readonly paceNone?: boolean | undefined;
}

/**
 * Finds the rule for a request: the first whose conditions all fit is *the* rule, and only that one is asked whether the
 * person may. A later rule never gives what an earlier one refuses.
 *
 * @returns a Fault `no-rule` when none fits; `role-missing` when the rule is for others, `networks-missing` when nobody could approve,
 * `break-glass-refused` and `pace-refused` when the rule does not have what was asked for.
 */
export function judge(policy: Policy, request: JudgedRequest): Result<RuleApplied, PermissionFault> {
  const at = policy.rules.findIndex((rule) => fits(rule, request));
  const rule = policy.rules[at];
  if (rule === undefined) {
    const { command, service, state, hosts } = request;
    return fail({ kind: 'no-rule', command, service, state, hosts });
  }
  if (!rule.ask.some((role) => request.personRoles.includes(role))) {
    return fail({ kind: 'role-missing', person: request.person, need: rule.ask });
  }
  if (rule.approvals > 0 && rule.networks > request.networks) {
    return fail({ kind: 'networks-missing', need: rule.networks, have: request.networks });
  }
  if (request.breakGlass === true && !rule.breakGlass)
    return fail({ kind: 'break-glass-refused', command: request.command, number: at + 1 });
  if (request.paceNone === true && !rule.pace)
    return fail({ kind: 'pace-refused', command: request.command, number: at + 1 });
  return ok({
    number: at + 1,
    approvals: request.breakGlass === true ? 0 : rule.approvals,
    approve: rule.approve ?? [],
    expiresMs: rule.expires,
    maxShareRemoved: rule.maxShareRemoved,
    networks: rule.networks,
    console: rule.console,
  });
}

function fits(rule: PolicyRule, request: JudgedRequest): boolean {
  return (
    rule.commands.some((command) => command === request.command) &&
    (rule.states?.includes(request.state) ?? true) &&
    (rule.services?.includes(request.service) ?? true) &&
    // Without load balancers nothing is known to be down, and the rule fits never.
    (rule.when === undefined || request.lbDown) &&
    fitsAge(rule, request) &&
    fitsCount(rule, request)
  );
}

/** The short way back is for what was just done; without an approval it does not take away what another person added. */
function fitsAge({ within, approvals }: PolicyRule, request: JudgedRequest): boolean {
  const { undoAgeMs, othersCapacity } = request;
  if (within === undefined) return true;
  if (othersCapacity === true && approvals === 0) return false;
  return undoAgeMs !== undefined && undoAgeMs <= within;
}

/** With `per` what the person did lately counts too, so that many small requests are one large one. */
function fitsCount({ maxHosts, per }: PolicyRule, { hosts, recentObjects }: JudgedRequest): boolean {
  if (maxHosts === undefined) return true;
  const earlier = per === undefined ? 0 : recentObjects(per);
  return hosts + earlier <= maxHosts;
}
