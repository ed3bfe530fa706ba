import { minuteText } from '../time.ts';
import type { RequestAnnouncement } from './announcement.ts';
import { wordFault } from './fault-words.ts';
import type { Detail } from './fit.ts';
import { actionText, countText, effectsText, hostsText, movesText, noteText } from './phrases.ts';
import { clusterWarningText } from './scale-phrases.ts';
import { shortenToBytes } from '../byte-text.ts';
import type { PlanNote } from '../node-plan.ts';
import type { PlanSummary } from '../plan-summary.ts';

/** Words the answers to somebody who asked for a change. */
export function wordRequest(announcement: RequestAnnouncement, detail: Detail): string {
  switch (announcement.kind) {
    case 'refused': {
      const { rule, text } = wordFault(announcement.fault);
      const hint = announcement.hint === undefined ? '' : ` ${announcement.hint}`;
      return `${announcement.nick}: refused: ${rule}: ${text} Nothing was changed.${hint}`;
    }
    case 'nothing-to-do':
      return `${announcement.nick}: nothing to do: ${alreadySoText(announcement, detail)} in ${announcement.service}.`;
    case 'waits': {
      const { nick, id, approvals, plan, notes, expiresAt } = announcement;
      const how = announcement.reactions ? `React with ✅ or say !approve ${id}.` : `Say !approve ${id}.`;
      const seen =
        announcement.seen.length === 0 || detail > 0 ? '' : ` Seen lately: ${announcement.seen.join(', ')}.`;
      return `${nick}: ${id} waits for ${countText(approvals, 'approval')} (not yours): ${planText(plan, detail)}${notesText(notes, detail)}. ${how} Expires ${minuteText(expiresAt)}.${seen}${publicText(announcement.publicLine)}`;
    }
    case 'starts': {
      const { nick, id, plan, notes, breakGlass } = announcement;
      if (breakGlass !== undefined) {
        const yields =
          breakGlass.overrides.length === 0 ? '' : `, OVERRIDING ${breakGlass.overrides.join(', ')}`;
        return `${nick}: ${id} BREAK-GLASS by ${nick}, nobody else was asked${yields}: ${shortenToBytes(breakGlass.reason, 120)}. ${planText(plan, detail)}${notesText(notes, detail)}. Starting. Somebody else please look: !reviewed ${id}`;
      }
      return `${nick}: ${id} needs no approval: ${planText(plan, detail)}${notesText(notes, detail)}. Starting.`;
    }
    case 'dry-run': {
      const { nick, plan, notes } = announcement;
      const remarks = remarksText(notes, detail);
      const unseen = announcement.journal
        ? ''
        : ' Redis does not answer: a freeze, open operations and recent removals were not looked at.';
      return `${nick}: dry run: ${planText(plan, detail)}; ${verdictText(announcement)}${remarks}${unseen} Nothing was queued.`;
    }
    case 'already-known':
      return `${announcement.nick}: that line was heard before: it is ${announcement.id}, ${announcement.state}.`;
    case 'forgotten':
      return `${announcement.nick}: that line was heard before: it was ${announcement.id}, which the journal has lost (sluice audit show ${announcement.id}). It is not done again; say it anew if you mean it.`;
    case 'nothing-queued': {
      const { nick, fault, byHand, more } = announcement;
      const hand = byHand.length === 0 ? '' : ' By hand, if it cannot wait:';
      const rest =
        more === 0 ? '' : ` (the first ${String(byHand.length)} of ${String(byHand.length + more)} lines)`;
      return `${nick}: nothing was queued: ${wordFault(fault).text}${hand}${rest}`;
    }
    case 'by-hand':
      return `by hand: ${announcement.line}`;
  }
}

function verdictText({ fault, approvals }: Extract<RequestAnnouncement, { kind: 'dry-run' }>): string {
  if (fault === undefined) return `would need ${countText(approvals, 'approval')}.`;
  const { rule, text } = wordFault(fault);
  return `would be refused: ${rule}: ${text}`;
}

function planText(plan: PlanSummary, detail: Detail): string {
  const effects = effectsText(plan, detail);
  const moves = `${movesText(plan, detail)}${effects === '' ? '' : `, ${effects}`}`;
  // Of a number the action has named the places.
  const places = detail === 3 || plan.scales !== undefined ? '' : ` (${plan.places.join(', ')})`;
  return `${actionText(plan, detail)}${places}: ${moves}`;
}

/** In a request only what is known and not to be seen in the plan itself; the rest is in a dry run and in `!show`. */
function notesText(notes: readonly PlanNote[], detail: Detail): string {
  const worth = notes.filter(isWorthTelling);
  if (worth.length === 0) return '';
  if (detail <= 1) return `; note: ${worth.map((note) => noteText(note, detail)).join('; ')}`;
  const warning = warningText(worth);
  return `${warning === '' ? '' : `; ${warning}`}, ${countText(worth.length, 'note')}: see !show`;
}

/** In a dry run all of them, while there is room. */
function remarksText(notes: readonly PlanNote[], detail: Detail): string {
  const told = detail === 0 ? notes : notes.filter(isWorthTelling);
  if (told.length === 0) return '';
  if (detail <= 1) return ` Note: ${told.map((note) => noteText(note, detail)).join('; ')}.`;
  const warning = warningText(told);
  return warning === '' ? '' : ` Note: ${warning}.`;
}

function isWorthTelling(note: PlanNote): boolean {
  switch (note.kind) {
    case 'inactive-since':
      return note.at !== undefined;
    case 'weight-raised':
      return false;
    default:
      return true;
  }
}

/** What must not be lost however long the line is. */
function warningText(notes: readonly PlanNote[]): string {
  return notes
    .flatMap((note) => (note.kind === 'cluster-nodes' ? clusterWarningText(note) : []))
    .filter((text) => text !== '')
    .join('; ');
}

function alreadySoText(
  announcement: Extract<RequestAnnouncement, { kind: 'nothing-to-do' }>,
  detail: Detail,
): string {
  const states = [...new Set(announcement.alreadySo.map(({ state }) => state))];
  return states
    .map((state) => {
      const hosts = announcement.alreadySo.filter((one) => one.state === state).map(({ name }) => name);
      const idle =
        state.startsWith('inactive') && announcement.verb === 'depool' ? ' (it does not serve)' : '';
      return `${hostsText(hosts, detail)} is already ${state}${idle}`;
    })
    .join(', ');
}

/** What leaves a private channel is shown there first. */
function publicText(line: string | undefined): string {
  if (line === undefined) return '';
  return ` Everybody will read, with who approved and how long it took: «${line}». The word private keeps a reason out of it.`;
}
