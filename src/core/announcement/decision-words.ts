import { minuteText } from '../time.ts';
import type { DecisionAnnouncement } from './announcement.ts';
import { shortenToBytes } from '../byte-text.ts';
import type { Detail } from './fit.ts';
import { actionText, countText, resultsText } from './phrases.ts';

/** Words what somebody decided, or what time decided. */
export function wordDecision(announcement: DecisionAnnouncement, detail: Detail): string {
  switch (announcement.kind) {
    case 'approved': {
      const { id, person, plan, missing, ahead } = announcement;
      const action = actionText(plan, detail);
      if (missing > 0)
        return `${id} approved by ${person}, ${countText(missing, 'more approval')} needed: ${action}.`;
      const next = ahead === undefined ? 'Starting.' : `Starts after ${ahead}.`;
      return `${id} approved by ${person}: ${action}. ${next}`;
    }
    case 'denied':
      return `${announcement.id} denied by ${announcement.person}. Nothing was changed.`;
    case 'cancelled': {
      const why =
        announcement.why === undefined
          ? ''
          : ` The line that asked for it was ${announcement.why}: that never runs.`;
      return `${announcement.id} cancelled by ${announcement.person}.${why} ${resultsText(announcement.objects, detail)}${undoHint(announcement)}`;
    }
    case 'withdrawn': {
      const { id, person, missing } = announcement;
      return `${id}: ${person} took the approval back. It waits for ${countText(missing, 'approval')}.`;
    }
    case 'expired':
      return announcement.why === 'no-approval'
        ? `${announcement.id} expired, nothing was changed. Not enough people agreed in time; !retry ${announcement.id} asks again.`
        : `${announcement.id} expired, nothing was changed. It was approved but could not start in time; !retry ${announcement.id} asks again.`;
    case 'nudge': {
      const { id, plan, missing, asker, seen, expiresAt } = announcement;
      const who = seen.length === 0 ? '' : ` Could approve: ${seen.join(', ')}.`;
      return `${id} of ${asker} still waits for ${countText(missing, 'approval')}: ${actionText(plan, detail)}. !approve ${id} or !deny ${id}. Expires ${minuteText(expiresAt)}.${who}`;
    }
    case 'stopping': {
      const { ids, person } = announcement;
      if (ids.length === 0)
        return `${person}: nothing is running or queued. New operations are not stopped: !freeze REASON does that.`;
      const shown = ids.slice(0, 8).join(', ');
      return `${shown} stopping, said ${person}: at most the write in flight is finished, the rest is held.`;
    }
    case 'resumed':
      return `${announcement.id} resumed by ${announcement.person}: ${countText(announcement.left, 'object')} to go, guard rails are checked anew.`;
    case 'settled': {
      const { id, person, state, objects } = announcement;
      const retry = state === 'done' ? `Back: !undo ${id}` : `!undo ${id} or !retry ${id}`;
      return `${id} settled by ${person}: ${state}. ${resultsText(objects, detail)} Nothing was written. ${retry}`;
    }
    case 'frozen':
      return `FROZEN by ${announcement.person}: ${shortenToBytes(announcement.reason, 150)}. No operation starts or goes on; !undo still does. !thaw REASON lifts it.`;
    case 'suspended': {
      const { person, by, reason, ended } = announcement;
      const gone = ended.length === 0 ? '' : ` Ended: ${ended.join(', ')}.`;
      return `SUSPENDED ${person} by ${by}: ${shortenToBytes(reason, 120)}. Nothing of theirs counts, their approvals neither.${gone} An admin lifts it by !unsuspend ${person} REASON`;
    }
    case 'unsuspended':
      return `${announcement.person} is no longer suspended, says ${announcement.by}: ${shortenToBytes(announcement.reason, 150)}.`;
    case 'locked': {
      const { service, by, reason, until } = announcement.lock;
      const ends = until === undefined ? '' : ` until ${minuteText(until)}`;
      return `LOCKED ${service} by ${by}${ends}: ${shortenToBytes(reason, 150)}. No operation starts or goes on there; !undo still does. !unlock ${service} REASON lifts it.`;
    }
    case 'unlocked':
      return `unlocked ${announcement.service} by ${announcement.person}: ${shortenToBytes(announcement.reason, 150)}.`;
    case 'reviewed':
      return `${announcement.id} (break-glass by ${announcement.asker}) reviewed by ${announcement.person}.`;
    case 'thawed':
      return `thawed by ${announcement.person}: ${shortenToBytes(announcement.reason, 150)}. Operations may start again; held ones wait for !resume ID.`;
  }
}

function undoHint(announcement: Extract<DecisionAnnouncement, { kind: 'cancelled' }>): string {
  const changed = announcement.objects.some(({ result }) => result !== 'not done');
  return changed ? ` Back: !undo ${announcement.id}` : '';
}
