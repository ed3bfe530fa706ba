import { rpsText } from '../disagreements.ts';
import { foldHosts } from '../hosts.ts';
import { stateText } from '../node.ts';
import type { PoolView } from '../node-plan.ts';
import { durationText, elapsedText, minuteText, secondText } from '../time.ts';
import type { AnswerAnnouncement, ObservedView } from './announcement.ts';
import { wordFault } from './fault-words.ts';
import { shortenToBytes } from '../byte-text.ts';
import type { Detail } from './fit.ts';
import { changeLine, depooledLine, whoCanText, whyLine } from './record-words.ts';
import { actionText, countText, groupTexts, noteText, objectsText, viewText } from './phrases.ts';
import { deploymentText } from './scale-phrases.ts';

/** Words the answers to somebody who asked to know. */
export function wordAnswer(announcement: AnswerAnnouncement, detail: Detail): string {
  switch (announcement.kind) {
    case 'deployment-status':
      return deploymentText(announcement);
    case 'pool-status': {
      const { service, dc, cluster, view, malformed } = announcement;
      const place = cluster === undefined ? dc : `${dc}/${cluster}`;
      const bad = malformed.length === 0 ? '' : `; cannot be read: ${malformed.slice(0, 3).join(', ')}`;
      const observed =
        announcement.observed === undefined
          ? ''
          : `; ${observedText(announcement.observed, announcement.now)}`;
      return `${service} ${place}: ${viewText(view)}${bad} (declared${view.effective === undefined ? '; load balancers not asked' : ''})${standsText(view)}${observed}`;
    }
    case 'pool-disagrees': {
      const { service, dc, disagreements } = announcement;
      const parts = disagreements.map(({ hosts, text }) => `${foldHosts(hosts.map(shortName))} ${text}`);
      return `${service} ${dc} DISAGREES: ${parts.join('; ')}`;
    }
    case 'pools-status': {
      const parts = announcement.pools.map(
        ({ service, dc, view }) => `${service} ${dc} ${String(view.serving)}/${String(view.total)}`,
      );
      return `pooled: ${parts.join(', ')} (declared; load balancers not asked)`;
    }
    case 'host-status': {
      const parts = announcement.objects.map(
        ({ service, state, why, effective }) =>
          `${service} ${state === undefined ? `cannot be read (${why ?? ''})` : stateText(state)}${effective === undefined ? '' : ` (${effective})`}`,
      );
      const asked = announcement.objects.some(({ effective }) => effective !== undefined);
      return `${announcement.host}: ${parts.join(', ')}${asked ? '' : ' (declared; load balancers not asked)'}`;
    }
    case 'status-locked': {
      const { service, by, at, until, reason } = announcement.lock;
      return `LOCKED ${service} by ${by} since ${minuteText(at)}${until === undefined ? '' : ` until ${minuteText(until)}`}: ${shortenToBytes(reason, 150)}`;
    }
    case 'unreviewed': {
      const parts = announcement.operations.map(
        ({ id, person, overrides }) =>
          `${id} by ${person}${overrides.length === 0 ? '' : ` (overriding ${overrides.join(', ')})`}`,
      );
      return `BREAK-GLASS not reviewed: ${parts.join(', ')}. Look, then say !reviewed ID`;
    }
    case 'status-frozen':
      return `FROZEN by ${announcement.by} since ${minuteText(announcement.at)}: ${shortenToBytes(announcement.reason, 150)}`;
    case 'last-change': {
      const { id, state, person, what, at } = announcement;
      return `last change: ${id} ${actionText(what, detail)} by ${person}, ${state} ${dayText(at)}${secondText(at)}`;
    }
    case 'no-journal':
      return 'Redis does not answer: a freeze, open operations and the last change are not known';
    case 'no-change-known':
      return 'last change: none by Sluice that it remembers';
    case 'operation-line': {
      const { id, state, person, plan, at, missing, expiresAt } = announcement;
      const wait =
        state === 'awaiting-approval'
          ? `, ${countText(missing, 'approval')} missing${expiresAt === undefined ? '' : `, expires ${minuteText(expiresAt)}`}`
          : '';
      return `${id} ${state}: ${actionText(plan, detail)} by ${person}, asked ${dayText(at)}${minuteText(at)}${wait}`;
    }
    case 'change-line':
      return changeLine(announcement.group);
    case 'no-changes': {
      const of = announcement.subject === undefined ? '' : ` of ${announcement.subject}`;
      return `no change${of} was seen in conftool in the last ${durationText(announcement.lastMs)}`;
    }
    case 'why-line':
      return whyLine(announcement);
    case 'depooled-line':
      return depooledLine(announcement.group);
    case 'nothing-depooled':
      return announcement.olderMs === undefined
        ? 'nothing is depooled'
        : `nothing has been depooled for longer than ${durationText(announcement.olderMs)}`;
    case 'history-line': {
      const { id, state, person, plan, at, reason, tasks } = announcement;
      const ok = announcement.approvers.length === 0 ? '' : `, ok ${announcement.approvers.join('+')}`;
      const why = reason === '' ? '' : `: ${shortenToBytes(reason, 80)}`;
      return `${id} ${state} ${dayText(at)}${secondText(at)}: ${actionText(plan, detail)} by ${person}${ok}${why}${tasks.length === 0 ? '' : ` - ${tasks.join(' ')}`}`;
    }
    case 'no-history':
      return `no operation${announcement.subject === undefined ? '' : ` of ${announcement.subject}`} is remembered`;
    case 'who-can':
      return whoCanText(announcement);
    case 'no-operations':
      return announcement.lastEnded === undefined
        ? 'no operation is open'
        : `no operation is open; the last to end was ${announcement.lastEnded}`;
    case 'more-lines':
      return `${String(announcement.count)} more: ${announcement.command}`;
    case 'operation-detail': {
      const { id, state, person, approvers, line, at, endedAt, plan } = announcement;
      const ok = approvers.length === 0 ? '' : `, ok ${approvers.join('+')}`;
      const ended = endedAt === undefined ? '' : `, ended ${dayText(endedAt)}${secondText(endedAt)}`;
      return `${id} ${state}: ${actionText(plan, detail)}, asked by ${person} ${dayText(at)}${secondText(at)}${ok}${ended}. Said: ${shortenToBytes(line, 120)}`;
    }
    case 'operation-objects': {
      const groups = [...new Set(announcement.objects.map(({ result }) => result))].map((result) => {
        const some = announcement.objects.filter((one) => one.result === result);
        return `${result}: ${objectsText(some, detail)}`;
      });
      return `${announcement.id} ${groups.join('; ')}`;
    }
    case 'operation-fault':
      return `${announcement.id} because: ${wordFault(announcement.fault).rule}: ${wordFault(announcement.fault).text}`;
    case 'note':
      return `${announcement.id === undefined ? '' : `${announcement.id} `}note: ${noteText(announcement.note)}`;
    case 'help':
      return `commands: ${announcement.names.map((name) => `!${name}`).join(' ')}. !help COMMAND says how; dry-run after a command shows and does nothing.`;
    case 'help-command':
      return `${announcement.usage}: ${announcement.summary}. For example: ${announcement.example}`;
    case 'whoami': {
      const { nick, person, account, roles } = announcement;
      if (account === undefined)
        return `${nick}: you are nobody to me: not logged in to services. /msg NickServ IDENTIFY ACCOUNT PASSWORD`;
      if (person === undefined)
        return `${nick}: you are nobody to me: the account ${account} is in no entry of people.yaml.`;
      return `${nick}: you are ${person} (account ${account}), roles ${roles.length === 0 ? 'none' : roles.join(', ')}.`;
    }
    case 'health': {
      const bad = announcement.parts.filter(({ ok }) => !ok);
      const parts = announcement.parts.map(
        ({ part, ok, text }) =>
          `${part} ${ok ? 'ok' : 'DOWN'}${text === '' || (ok && detail > 1) ? '' : ` (${text})`}`,
      );
      return `${bad.length === 0 ? 'all parts work' : `${countText(bad.length, 'part')} down`}: ${parts.join(', ')}`;
    }
  }
}

/** `; effective 6 of 10 (lvs1019 10:43:07 UTC): bare metal 100 %`. */
function standsText({ effective, total }: PoolView): string {
  if (effective === undefined) return '';
  const { serving, balancers, silent, at } = effective;
  if (silent.length > 0) return `; effective UNKNOWN: ${silent.join(', ')} silent`;
  const groups = groupTexts(effective);
  return `; effective ${String(serving)} of ${String(total)} (${balancers.join(', ')} ${secondText(at)})${groups.length === 0 ? '' : `: ${groups.join(', ')}`}`;
}

/** `observed 24 rps: bare metal 100 % (Prometheus, 2 s ago)`. */
function observedText(observed: ObservedView, now: number): string {
  if (observed.kind === 'silent') return `observed UNKNOWN: no metrics`;
  if (observed.at === undefined) return `observed nothing: ${observed.source} has no sample`;
  const groups = groupTexts(observed);
  return `observed ${rpsText(observed.rps)}${groups.length === 0 ? '' : `: ${groups.join(', ')}`} (${observed.source}, ${elapsedText(now - observed.at)} ago)`;
}

function shortName(host: string): string {
  return host.split('.')[0] ?? host;
}

/** The day, when it is not to be guessed: messages of the same day carry the time only. */
function dayText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} `;
}
