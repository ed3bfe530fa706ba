import { shortenToBytes } from '../byte-text.ts';
import type { ChangeGroup } from '../change-groups.ts';
import type { DepooledGroup } from '../depooled-groups.ts';
import { rpsText } from '../disagreements.ts';
import { foldHosts } from '../hosts.ts';
import { poolPath, stateText } from '../node.ts';
import type { RuleForPeople } from '../rules-for.ts';
import type { Attribution } from '../seen-change.ts';
import { durationText, minuteText, secondText } from '../time.ts';
import type { AnswerAnnouncement } from './announcement.ts';
import { countText } from './phrases.ts';

const REASON_BYTES = 80;

/** `10:43:07 UTC eqiad/maps/kartotherian-ssl maps[1005-1006] yes/10 -> no/10 by elukey (k7f)`. */
export function changeLine({ pool, hosts, before, after, at, isLate, by }: ChangeGroup): string {
  const when = isLate ? `before ${timeText(at)}` : timeText(at);
  return `${when} ${poolPath(pool)} ${shortHosts(hosts)} ${before} -> ${after} by ${byText(by)}`;
}

/** Why one object is as it is. */
export function whyLine({
  key,
  state,
  origin,
  effective,
  rps,
}: Extract<AnswerAnnouncement, { kind: 'why-line' }>): string {
  const serves = effective ?? 'load balancers not asked';
  const seen = rps === undefined ? '' : `, ${rpsText(rps)}`;
  return `${key.host} ${key.service} (${key.dc}/${key.cluster}) ${stateText(state)} ${originText(origin)}; ${serves}${seen}`;
}

/** Hosts that are out, and why. */
export function depooledLine({ pool, hosts, origin }: DepooledGroup): string {
  return `${poolPath(pool)} ${shortHosts(hosts)} out ${originText(origin)}`;
}

/** Who may ask for a command, under which rules. */
export function whoCanText({
  command,
  service,
  state,
  rules,
}: Extract<AnswerAnnouncement, { kind: 'who-can' }>): string {
  if (rules.length === 0) return `!${command} on ${service} (${state}): nobody: no rule of the policy has it`;
  return `!${command} on ${service} (${state}): ${rules.map(ruleText).join('; else ')}`;
}

function ruleText(rule: RuleForPeople): string {
  const conditions = [
    rule.lbDown ? 'every load balancer finds the host down' : '',
    rule.maxHosts === undefined
      ? ''
      : `at most ${countText(rule.maxHosts, 'host')}${rule.per === undefined ? '' : ` in ${durationText(rule.per)}`}`,
    rule.within === undefined ? '' : `within ${durationText(rule.within)}`,
  ].filter((text) => text !== '');
  const when = conditions.length === 0 ? '' : `if ${conditions.join(', ')}: `;
  const approval =
    rule.approvals === 0
      ? 'without approval'
      : `with ${countText(rule.approvals, 'approval')} by ${peopleText(rule.approve, rule.approvers)}`;
  const glass = rule.breakGlass ? ', break-glass' : '';
  return `rule ${String(rule.number)}: ${when}${peopleText(rule.ask, rule.askers)} ${approval}${glass}`;
}

function peopleText(roles: readonly string[], names: readonly string[]): string {
  const known =
    names.length === 0
      ? 'nobody has it'
      : names.length > 5
        ? countText(names.length, 'person')
        : names.join(', ');
  return `${roles.join(' or ')} (${known})`;
}

/** `since 2026-11-23 10:43:07 UTC by elukey (k7f): nginx test - T378944, until 12:43 UTC`. */
function originText({ by, at, isLate }: DepooledGroup['origin']): string {
  const since =
    at === undefined
      ? 'since before what Sluice has seen'
      : `since ${isLate ? 'before ' : ''}${timeText(at)}`;
  return at === undefined && by.kind === 'unknown' ? since : `${since} by ${byText(by)}`;
}

function byText(by: Attribution): string {
  switch (by.kind) {
    case 'operation': {
      const reason = by.reason === '' ? '' : `: ${shortenToBytes(by.reason, REASON_BYTES)}`;
      const tasks = by.tasks.length === 0 ? '' : ` - ${by.tasks.join(' ')}`;
      const until = by.until === undefined ? '' : `, until ${minuteText(by.until)}`;
      return `${by.person} (${by.id})${reason}${tasks}${until}`;
    }
    case 'logged':
      return `somebody else; ${by.by} logged: ${shortenToBytes(by.text, REASON_BYTES)}`;
    case 'unknown':
      return 'unknown';
  }
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${secondText(at)}`;
}

function shortHosts(hosts: readonly string[]): string {
  const folded = foldHosts(hosts.map((host) => host.split('.')[0] ?? host));
  return folded.length > 120 ? `${String(hosts.length)} hosts (first ${hosts[0] ?? ''})` : folded;
}
