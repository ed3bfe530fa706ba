import type { Bar } from './bars.ts';
import { barText, holds, short } from './bars.ts';
import type { Floors, Talk } from './measures/conversation.ts';
import type { Together } from './measures/together.ts';
import type { Stack } from './picture.ts';
import type { Summary } from './statistics.ts';
import { summarize } from './statistics.ts';
import { table } from './table.ts';

/** Every sample of a run; milliseconds where nothing else is said. */
export interface Results {
  readonly floors: readonly Floors[];
  /** Sluice in one process; then as gateway and worker. */
  readonly whole: readonly Talk[];
  readonly split: readonly Talk[];
  /** The real confctl: one object; all hosts by one regex. */
  readonly confctl: readonly number[];
  readonly regex: readonly number[];
  /** All hosts in one operation. */
  readonly many: readonly number[];
  readonly hosts: number;
  readonly together: readonly Together[];
  readonly bareTogether: readonly number[];
  readonly starts: readonly { readonly readyMs: number; readonly registrationMs: number }[];
  readonly idleMb: number;
  readonly beforeMb: number;
  readonly afterMb: number;
  /** Between those two. */
  readonly operations: number;
}

function p(samples: readonly number[]): Summary {
  return summarize(samples);
}

function of<T, K extends keyof T>(rounds: readonly T[], key: K): T[K][] {
  return rounds.map((round) => round[key]);
}

/** What must hold, with what was measured. */
export function barsOf(results: Results): readonly Bar[] {
  const { floors, whole, confctl, regex, many, hosts, together, bareTogether, starts } = results;
  const { idleMb, beforeMb, afterMb, operations } = results;
  const asked = together[0]?.asked ?? 0;
  const [answerFloor, writeFloor] = [p(of(floors, 'answer')), p(of(floors, 'write'))];
  const fastestTogether = p(of(together, 'ms'));
  const lost = together.reduce(
    (sum, one) => sum + (one.asked - one.done) + (one.asked - one.written) + Math.abs(one.asked - one.logged),
    0,
  );
  return [
    {
      what: 'command -> first answer, p50',
      value: p(of(whole, 'answer')).p50,
      unit: 'ms',
      floor: answerFloor.p50,
      most: 2,
    },
    {
      what: 'command -> first answer, p95',
      value: p(of(whole, 'answer')).p95,
      unit: 'ms',
      floor: answerFloor.p95,
      most: 4,
    },
    {
      what: 'approval -> written and read back, p50',
      value: p(of(whole, 'written')).p50,
      unit: 'ms',
      floor: writeFloor.p50,
      most: 3,
    },
    {
      what: 'the same beside one confctl',
      value: p(of(whole, 'written')).p50,
      unit: 'ms',
      floor: p(confctl).p50,
      most: 1 / 40,
    },
    {
      what: 'command -> log line, p50',
      value: p(of(whole, 'log')).p50,
      unit: 'ms',
      floor: answerFloor.p50 + writeFloor.p50,
      most: 3,
    },
    {
      what: `weight on ${String(hosts)} hosts beside one regex of confctl`,
      value: p(many).p50,
      unit: 'ms',
      floor: p(regex).p50,
      most: 1,
    },
    {
      what: `weight on ${String(hosts)} hosts beside a loop of confctl`,
      value: p(many).p50,
      unit: 'ms',
      floor: p(confctl).p50 * hosts,
      most: 1 / 100,
    },
    {
      what: `${String(asked)} commands at once beside a bare queue`,
      value: fastestTogether.p50,
      unit: 'ms',
      floor: p(bareTogether).p50,
      most: 3,
    },
    {
      what: `of ${String(asked * together.length)} commands at once lost or twice`,
      value: lost,
      unit: 'commands',
      floor: undefined,
      most: 0,
    },
    {
      what: 'start -> ready, without registration at IRC',
      value: p(starts.map(({ readyMs, registrationMs }) => readyMs - registrationMs)).p50 / 1000,
      unit: 's',
      floor: undefined,
      most: 1,
    },
    { what: 'idle memory', value: idleMb, unit: 'MiB', floor: undefined, most: 150 },
    {
      what: 'memory for 100 operations',
      value: (afterMb - beforeMb) / (operations / 100),
      unit: 'MiB',
      floor: undefined,
      most: 1,
    },
  ];
}

/** The bars as a table. */
export function verdictOf(bars: readonly Bar[]): string {
  return table(
    ['bar', 'measured', 'holds'],
    bars.map((bar) => [bar.what, barText(bar), holds(bar) ? 'yes' : 'NO']),
  );
}

/** What was measured, as a table. */
export function tableOf(results: Results): string {
  const { floors, whole, split, confctl, regex, many, hosts, together, bareTogether, starts } = results;
  const asked = together[0]?.asked ?? 0;
  const rows = (name: string, samples: readonly number[]): readonly string[] => {
    const { n, p50, p95, max } = p(samples);
    return [name, String(n), short(p50), short(p95), short(max)];
  };
  return table(
    ['ms', 'n', 'p50', 'p95', 'max'],
    [
      rows('floor: line, read, note, answer', of(floors, 'answer')),
      rows('floor: swap, read back, note', of(floors, 'write')),
      rows('floor: line, job, write, answer', of(floors, 'queue')),
      ...(['answer', 'log', 'written', 'told'] as const).flatMap((key) => [
        rows(`Sluice: ${key}`, of(whole, key)),
        rows(`gateway and worker apart: ${key}`, of(split, key)),
      ]),
      rows('confctl: one object', confctl),
      rows(`confctl: ${String(hosts)} objects by one regex`, regex),
      rows(`Sluice: ${String(hosts)} hosts in one operation`, many),
      rows(`bare queue: ${String(asked)} commands at once`, bareTogether),
      rows(`Sluice: ${String(asked)} commands at once`, of(together, 'ms')),
      rows('start -> ready', of(starts, 'readyMs')),
      rows('registration at IRC', of(starts, 'registrationMs')),
    ],
  );
}

/** Where the time goes, as bars of a picture. */
export function stacksOf({ whole, split, floors }: Results): readonly Stack[] {
  const stackOf = (name: string, talks: readonly Talk[]): Stack => ({
    name,
    parts: [
      { what: 'the line is heard, the vote made', ms: p(talks.map(({ stages }) => stages.heard)).p50 },
      { what: 'stored, queued, read and judged anew', ms: p(talks.map(({ stages }) => stages.begun)).p50 },
      { what: 'intent journaled, written, read back', ms: p(talks.map(({ stages }) => stages.written)).p50 },
      { what: 'journaled and seen in the channel', ms: p(talks.map(({ stages }) => stages.told)).p50 },
    ],
  });
  return [
    stackOf('one process', whole),
    stackOf('gateway and worker apart', split),
    {
      name: 'floor: swap, read, note',
      parts: [{ what: 'intent journaled, written, read back', ms: p(of(floors, 'write')).p50 }],
    },
  ];
}
