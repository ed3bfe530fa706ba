import { rpsText } from '../disagreements.ts';
import { foldHosts } from '../hosts.ts';
import { durationText, minuteText } from '../time.ts';
import type { SystemAnnouncement } from './announcement.ts';
import { actionText } from './phrases.ts';
import { shortenToBytes } from '../byte-text.ts';

/** Words what Sluice says of itself. */
export function wordSystem(announcement: SystemAnnouncement): string {
  switch (announcement.kind) {
    case 'use-channel':
      return `Please say it in ${announcement.channel}, where others see it.`;
    case 'away': {
      const from = minuteText(announcement.from).slice(0, 5);
      return `I was away ${from}-${minuteText(announcement.to)}; commands from then were not run.`;
    }
    case 'alert':
      return `ALERT: Sluice has FROZEN production because of ${announcement.id}: ${shortenToBytes(announcement.reason.replace(/\.$/, ''), 180)}. Look at it (audit.log, !ops), then !thaw REASON.`;
    case 'remind': {
      const { id, forMs, what, again } = announcement;
      const still = again ? 'still so, ' : '';
      return `${id} was for ${durationText(forMs)} and that time is up: ${still}${actionText(what, 1)} by ${announcement.person}. Back: !undo ${id}`;
    }
    case 'drained': {
      const { id, hosts, balancers, quietMs, rps } = announcement;
      const where = balancers.length === 0 ? '' : ` no on ${balancers.join(', ')},`;
      const who = foldHosts(hosts);
      return rps === undefined
        ? `${id} drained:${where} 0 rps on ${who} for ${durationText(quietMs)}. Safe to work on.`
        : `${id} NOT drained:${where} ${rpsText(rps)} still on ${who}.`;
    }
    case 'policy-changed':
      return announcement.lines.length === 0
        ? 'policy read again: nothing has changed.'
        : `policy changed: ${shortenToBytes(announcement.lines.join('; '), 250)}`;
    case 'policy-invalid':
      return `policy NOT changed, the file has an error and the old rules stay: ${shortenToBytes(announcement.problem, 200)}`;
    case 'log-refused':
      return `the log line of ${announcement.id} was refused: ${shortenToBytes(announcement.answer, 150)}. Please log it by hand.`;
    case 'log-degraded':
      return `the Server Admin Log is away (${announcement.by} ${announcement.why} since ${minuteText(announcement.since)}): what happens is said here without !log, and logged when it is back.`;
    case 'log-restored':
      return `the Server Admin Log is back (${announcement.by}): what it missed is logged now.`;
  }
}
