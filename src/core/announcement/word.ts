import type { Announcement } from './announcement.ts';
import { wordAnswer } from './answer-words.ts';
import { wordDecision } from './decision-words.ts';
import { wordOutcome } from './outcome-words.ts';
import { wordRequest } from './request-words.ts';
import { wordSystem } from './system-words.ts';
import { fitLine } from './fit.ts';

/**
 * The one line that says it, in at most `room` bytes. Every sentence that leaves Sluice is made here, but for the Server Admin Log's.
 *
 * @param room bytes that arrive whole in that channel.
 */
export function wordAnnouncement(announcement: Announcement, room: number): string {
  return fitLine(room, (detail) => {
    switch (announcement.kind) {
      case 'refused':
      case 'nothing-to-do':
      case 'waits':
      case 'starts':
      case 'dry-run':
      case 'already-known':
      case 'forgotten':
      case 'nothing-queued':
      case 'by-hand':
        return wordRequest(announcement, detail);
      case 'approved':
      case 'denied':
      case 'cancelled':
      case 'withdrawn':
      case 'expired':
      case 'nudge':
      case 'stopping':
      case 'resumed':
      case 'settled':
      case 'frozen':
      case 'thawed':
      case 'suspended':
      case 'unsuspended':
      case 'locked':
      case 'unlocked':
      case 'reviewed':
        return wordDecision(announcement, detail);
      case 'progress':
      case 'rollout':
      case 'done':
      case 'stopped-at':
      case 'journal-away':
      case 'lost':
      case 'continues':
        return wordOutcome(announcement, detail);
      case 'use-channel':
      case 'away':
      case 'alert':
      case 'remind':
      case 'drained':
      case 'policy-changed':
      case 'policy-invalid':
      case 'log-refused':
      case 'log-degraded':
      case 'log-restored':
        return wordSystem(announcement);
      default:
        return wordAnswer(announcement, detail);
    }
  });
}
