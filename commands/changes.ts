import type { Announcement } from '../src/core/announcement/announcement.ts';
import { SpanOrSubject } from '../src/core/arguments.ts';
import { groupChanges } from '../src/core/change-groups.ts';
import { defineCommand } from '../src/core/command.ts';
import { nearest } from '../src/core/nearest.ts';
import { ok, fail } from '../src/core/result.ts';
import { matchesSubject } from '../src/core/subject.ts';

const USUAL_MS = 30 * 60_000;
const MOST_LINES = 8;

/** What anybody wrote in conftool lately: the newest first, what was done together in one line. */
export default defineCommand({
  kind: 'answer',
  name: 'changes',
  summary: 'shows what anybody wrote in conftool lately, with before and after',
  usage: '!changes [30m] [SERVICE|HOST|DC]',
  example: '!changes 2h kartotherian-ssl',
  args: { first: SpanOrSubject.optional(), second: SpanOrSubject.optional() },
  options: {},
  countArguments: (words) => Math.min(2, words.length),
  rest: 'none',
  reads: ({ first, second }) => ({ kind: 'changes', lastMs: first?.span ?? second?.span ?? USUAL_MS }),
  answer: ({ first, second }, facts) => {
    const subject = first?.subject ?? second?.subject;
    const lastMs = first?.span ?? second?.span ?? USUAL_MS;
    const places = facts.catalogue.entries.flatMap(({ sites }) => sites);
    const own = facts.changes.filter(({ key }) => subject === undefined || matchesSubject(key, subject));
    if (own.length === 0 && subject !== undefined && ![...facts.services, ...places].includes(subject)) {
      const near = nearest(subject, [...new Set([...facts.services, ...places])]);
      return fail({ kind: 'subject-unknown', subject, nearest: near });
    }
    const groups = groupChanges(own);
    const shown = groups.slice(0, groups.length > MOST_LINES ? MOST_LINES - 1 : MOST_LINES);
    const lines: Announcement[] = shown.map((group) => ({ kind: 'change-line', group }));
    const more = groups.length - shown.length;
    if (lines.length === 0) return ok([{ kind: 'no-changes', lastMs, subject }]);
    if (more > 0) lines.push({ kind: 'more-lines', count: more, command: '!changes 30m HOST' });
    return ok(lines);
  },
});
