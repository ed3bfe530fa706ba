import { elapsedText, secondText } from '../time.ts';
import type { OutcomeAnnouncement, PoolNow } from './announcement.ts';
import { wordFault } from './fault-words.ts';
import type { Detail } from './fit.ts';
import {
  actionText,
  countText,
  effectiveText,
  groupTexts,
  hostsText,
  objectsText,
  resultsText,
} from './phrases.ts';
import type { PlanSummary } from '../plan-summary.ts';
import { obstacleText } from './scale-phrases.ts';

/** Words how an operation goes and how it ended. */
export function wordOutcome(announcement: OutcomeAnnouncement, detail: Detail): string {
  switch (announcement.kind) {
    case 'progress': {
      const { id, done, of, objects, readBackAt } = announcement;
      return `${id} ${String(done)} of ${String(of)}: ${objectsText(objects, detail)}, read back ${secondText(readBackAt)}.`;
    }
    case 'rollout': {
      const { id, cluster, ready, of, obstacle } = announcement;
      const why = obstacle === undefined ? '' : `; ${obstacleText(obstacle)}`;
      return `${id} ${cluster}: ${String(ready)} of ${String(of)} ready${why}.`;
    }
    case 'done': {
      const { id, plan, tookMs, readBackAt, pools, ready } = announcement;
      if (ready !== undefined)
        return `${id} done in ${elapsedText(tookMs)}: ${plan.service} ${readyText(ready)}, read back ${secondText(readBackAt)}. Back: !undo ${id}`;
      const after = [...leadsTexts(plan, readBackAt), ...poolTexts(pools, detail)].join('; ');
      return `${id} done in ${elapsedText(tookMs)}: ${endsText(plan, detail)} in ${plan.service}, read back ${secondText(readBackAt)}. ${after}. Back: !undo ${id}`;
    }
    case 'stopped-at':
      return stoppedText(announcement, detail);
    case 'journal-away':
      return `${announcement.id} waits: ${wordFault(announcement.fault).text} Nothing is written meanwhile; it goes on by itself when that is mended.`;
    case 'lost':
      return lostText(announcement, detail);
    case 'continues':
      return `${announcement.id} goes on after a restart: ${countText(announcement.left, 'object')} to go.`;
  }
}

/** `95 of 95 ready in eqiad`. */
function readyText(clusters: NonNullable<Extract<OutcomeAnnouncement, { kind: 'done' }>['ready']>): string {
  return clusters
    .map(({ cluster, ready, of }) => `${String(ready)} of ${String(of)} ready in ${cluster}`)
    .join(', ');
}

/** Of what was not begun the same line may be said again; what was begun is looked at first. */
function lostText(
  { id, nick, line, service, state, objects }: Extract<OutcomeAnnouncement, { kind: 'lost' }>,
  detail: Detail,
): string {
  const why = detail === 0 ? ': the Redis server that had it is gone, and what took over never had it' : '';
  const lost = `${nick}: ${id} is LOST${why}. It will not be carried out any further.`;
  if (objects.every(({ result }) => result === 'not done'))
    return `${lost} As last heard of it was ${state}, and nothing was changed.${detail < 2 ? ` Say it again if you mean it: ${line}` : ''}`;
  return `${lost} As last heard of: ${resultsText(objects, detail)} Look first: !status ${service}, sluice audit show ${id}`;
}

function stoppedText(
  announcement: Extract<OutcomeAnnouncement, { kind: 'stopped-at' }>,
  detail: Detail,
): string {
  const { id, end, fault, objects, plan } = announcement;
  const { text, rule } = wordFault(fault);
  const results = resultsText(objects, detail);
  const what = objects.length > 1 && detail < 2 ? ` (${actionText(plan, 2)})` : '';
  const changed = objects.some(({ result }) => result !== 'not done');
  switch (end) {
    case 'uncertain':
      return `${id} UNKNOWN: ${text} ${unknownResults(announcement, detail)}Nothing more will run. !settle ${id}`;
    case 'held':
      return `${id} held: ${rule}: ${text} ${results} !resume ${id}${changed ? `, !undo ${id}` : ''} or !cancel ${id}`;
    case 'conflict':
      return `${id} conflict: ${text} ${changed ? results : 'Nothing was written.'} ${changed ? `!undo ${id} or ` : ''}!retry ${id}`;
    case 'refused':
      return `${id} refused (${rule}): ${text} ${results}`;
    case 'failed': {
      const done = objects.filter(({ result }) => result === 'done').length;
      const at =
        objects.length > 1
          ? ` at ${String(fault.kind === 'not-taken-up' ? Math.max(done, 1) : Math.min(done + 1, objects.length))} of ${String(objects.length)}`
          : '';
      return `${id} failed${at}: ${text}${what} ${results} ${changed ? `!undo ${id} or ` : ''}!retry ${id}`;
    }
  }
}

/** With one object the fault has said all; with more the others are told too. */
function unknownResults(
  announcement: Extract<OutcomeAnnouncement, { kind: 'stopped-at' }>,
  detail: Detail,
): string {
  return announcement.objects.length === 1 ? '' : `${resultsText(announcement.objects, detail)} `;
}

/** `maps[1008-1009].eqiad.wmnet no/10`. */
function endsText(plan: PlanSummary, detail: Detail): string {
  const ends = [...new Set(plan.moves.map(({ to }) => to))];
  return ends
    .map((end) => {
      const hosts = plan.moves.filter(({ to }) => to === end).flatMap((move) => move.hosts);
      return `${hostsText(hosts, detail)} ${end}`;
    })
    .join(', ');
}

/** Where DNS records lead now, and until when clients may go on with what they said before. */
function leadsTexts({ effects }: PlanSummary, readBackAt: number): readonly string[] {
  return effects.flatMap(({ pool, leads }) => {
    if (leads === undefined) return [];
    const follow =
      leads.ttl === undefined
        ? ''
        : `, clients have followed by ${secondText(readBackAt + leads.ttl * 1000)}`;
    return [`${pool.service} leads to ${leads.after.join('+')}${follow}`];
  });
}

function poolTexts(pools: readonly PoolNow[], detail: Detail): readonly string[] {
  const isSeveral = new Set(pools.map(({ service }) => service)).size > 1;
  return pools.map(({ dc, service, view }) => {
    const groups = groupTexts(view.effective ?? view);
    const shares = groups.length === 0 || detail > 1 ? '' : `: ${groups.join(', ')}`;
    return `${isSeveral ? `${service} ` : ''}${dc} declared ${String(view.serving)} of ${String(view.total)}${effectiveText(view)}${shares}`;
  });
}
