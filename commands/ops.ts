import type { Announcement } from '../src/core/announcement/announcement.ts';
import { missingApprovals } from '../src/core/approval.ts';
import { defineCommand } from '../src/core/command.ts';
import { summarizePlan } from '../src/core/plan-summary.ts';
import { ok } from '../src/core/result.ts';

const MOST_LINES = 8;

/** What is open, the oldest first: each line begins with the id to type. */
export default defineCommand({
  kind: 'answer',
  name: 'ops',
  summary: 'lists the operations that wait, run, are held or unknown, and those that nobody has reviewed',
  usage: '!ops',
  example: '!ops',
  args: {},
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'operations' }),
  answer: (_given, { open, recent, unreviewed }) => {
    const toReview: readonly Announcement[] =
      unreviewed.length === 0
        ? []
        : [
            {
              kind: 'unreviewed',
              operations: unreviewed.map(({ id, request }) => ({
                id,
                person: request.person,
                overrides: request.breakGlass?.overrides ?? [],
              })),
            },
          ];
    if (open.length === 0) {
      const ended = recent.find(({ endedAt }) => endedAt !== undefined);
      return ok([{ kind: 'no-operations', lastEnded: ended && `${ended.id} (${ended.state})` }, ...toReview]);
    }
    const room = MOST_LINES - toReview.length;
    const lines = open.slice(0, open.length > room ? room - 1 : room).map((operation) => ({
      kind: 'operation-line' as const,
      id: operation.id,
      state: operation.state,
      person: operation.request.person,
      plan: summarizePlan(operation.plan),
      at: operation.createdAt,
      missing: missingApprovals(operation),
      expiresAt: operation.expiresAt,
    }));
    const more = open.length - lines.length;
    return ok([
      ...lines,
      ...(more === 0 ? [] : [{ kind: 'more-lines' as const, count: more, command: '!show ID' }]),
      ...toReview,
    ]);
  },
});
