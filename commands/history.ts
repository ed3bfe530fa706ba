import type { Announcement } from '../src/core/announcement/announcement.ts';
import { approvers } from '../src/core/approval.ts';
import { OptionalSubject } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { nearest } from '../src/core/nearest.ts';
import { summarizePlan } from '../src/core/plan-summary.ts';
import { fail, ok } from '../src/core/result.ts';
import { concernsSubject } from '../src/core/subject.ts';

const MOST_LINES = 8;

/** What Sluice did, the newest first. */
export default defineCommand({
  kind: 'answer',
  name: 'history',
  summary: 'shows the last operations: of a host, of a service, of a person, or all',
  usage: '!history [HOST|SERVICE|PERSON]',
  example: '!history maps1005',
  args: { subject: OptionalSubject },
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'history' }),
  answer: ({ subject }, facts) => {
    const own = facts.recent.filter(
      ({ request, plan }) =>
        subject === undefined || request.person === subject || concernsSubject(plan, subject),
    );
    const people = facts.people.map(({ name }) => name);
    const deployments = facts.deployments.map(({ name }) => name);
    if (
      own.length === 0 &&
      subject !== undefined &&
      ![...facts.services, ...deployments, ...people].includes(subject)
    ) {
      const near = nearest(subject, [...new Set([...facts.services, ...deployments, ...people])]);
      return fail({ kind: 'subject-unknown', subject, nearest: near });
    }
    if (own.length === 0) return ok([{ kind: 'no-history', subject }]);
    const shown = own.slice(0, own.length > MOST_LINES ? MOST_LINES - 1 : MOST_LINES);
    const lines: Announcement[] = shown.map((operation) => ({
      kind: 'history-line',
      id: operation.id,
      state: operation.state,
      person: operation.request.person,
      approvers: approvers(operation),
      plan: summarizePlan(operation.plan),
      at: operation.endedAt ?? operation.createdAt,
      reason: operation.request.reason,
      tasks: operation.request.tasks,
    }));
    const more = own.length - shown.length;
    return ok(more === 0 ? lines : [...lines, { kind: 'more-lines', count: more, command: '!history HOST' }]);
  },
});
