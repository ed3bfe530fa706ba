import { minuteText } from '../time.ts';
import type { SystemAnnouncement } from './announcement.ts';
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
    case 'forgery':
      return `ALERT: ${announcement.id} refused (forged): ${announcement.what}. Production is FROZEN. Look at audit.log and at who can write to Redis, then !thaw REASON.`;
    case 'policy-changed':
      return announcement.lines.length === 0
        ? 'policy read again: nothing has changed.'
        : `policy changed: ${shortenToBytes(announcement.lines.join('; '), 250)}`;
    case 'policy-invalid':
      return `policy NOT changed, the file has an error and the old rules stay: ${shortenToBytes(announcement.problem, 200)}`;
    case 'log-refused':
      return `the log line of ${announcement.id} was refused: ${shortenToBytes(announcement.answer, 150)}. Please log it by hand.`;
    case 'log-degraded':
      return `the Server Admin Log is not answering (${announcement.by} silent since ${minuteText(announcement.since)}): lines are kept and sent when it is back.`;
    case 'log-restored':
      return `the Server Admin Log answers again (${announcement.by}).`;
  }
}
