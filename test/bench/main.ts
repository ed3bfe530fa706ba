import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureConfctl } from '../lab/confctl.ts';
import type { Bar } from './bars.ts';
import { barText, holds, short } from './bars.ts';
import { confctlOnce, confctlRegex } from './measures/confctl.ts';
import type { Floors, Talk } from './measures/conversation.ts';
import { talk, talkToBareBot, weighAll } from './measures/conversation.ts';
import { operate, restingMb } from './measures/memory.ts';
import { startOnce } from './measures/start.ts';
import type { Together } from './measures/together.ts';
import { bareCommandsAtOnce, commandsAtOnce } from './measures/together.ts';
import type { Stack } from './picture.ts';
import { picture } from './picture.ts';
import { shuffled, summarize } from './statistics.ts';
import { table } from './table.ts';
import { HOSTS, openWorld, startBareBot, usageOf, workers } from './world.ts';

const LONGEST_MS = 8 * 60_000;
const LONGEST_LONG_MS = 25 * 60_000;
const ROUNDS = 60;
/** What a process has not run before it runs slowly: these are not counted. */
const WARM_UP = 15;
const CONFCTL_EVERY = 3;
const STARTS = 5;
const AT_ONCE = 200;
const REGEX_RUNS = 3;

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    json: { type: 'string' },
    picture: { type: 'string' },
  },
});
setTimeout(
  () => {
    console.error('sluice bench: stopped, it took too long');
    process.exit(1);
  },
  values.long ? LONGEST_LONG_MS : LONGEST_MS,
).unref();

const notes: string[] = [];
const tell = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

tell('bench: opening two worlds');
await ensureConfctl();
const [one, apart] = await Promise.all([openWorld(), openWorld()]);

// Start: before anything else runs in that world.
const starts: { readyMs: number; registrationMs: number }[] = [];
for (let number = 0; number < STARTS; number++) {
  const { sluice: started, ...times } = await startOnce(one);
  starts.push(times);
  await started.process.stop();
}
const sluice = await one.start();
const idleMb = await restingMb(sluice.process);
const [gateway, worker] = await Promise.all([
  apart.start(['--role', 'gateway']),
  apart.start(['--role', 'worker']),
]);
await startBareBot(one);

tell(`bench: ${String(ROUNDS)} rounds of talk, the subjects in turn`);
// So few that enough of the pool serves when all of them are depooled.
const hosts = workers().slice(0, 20);
const floors: Floors[] = [];
const whole: Talk[] = [];
const split: Talk[] = [];
const confctl: number[] = [];
const cpuBefore = usageOf(sluice.process).cpuMs;
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  const counts = round >= WARM_UP;
  const host = hosts[round % hosts.length] ?? '';
  const turns: (() => Promise<void>)[] = [
    async () => {
      const floor = await talkToBareBot(one, round);
      if (counts) floors.push(floor);
    },
    async () => {
      const times = await talk(one, host, round);
      if (counts) whole.push(times);
    },
    async () => {
      const times = await talk(apart, host, round);
      if (counts) split.push(times);
    },
  ];
  if (counts && round % CONFCTL_EVERY === 0)
    turns.push(async () => {
      confctl.push(await confctlOnce(one, round, 1000 + round));
    });
  for (const turn of shuffled(turns)) await turn();
}
const cpuPerCommand = (usageOf(sluice.process).cpuMs - cpuBefore) / ((WARM_UP + ROUNDS) * 3);

tell('bench: many hosts, many commands');
const many: number[] = [];
const regex: number[] = [];
const together: Together[] = [];
const bareTogether: number[] = [];
for (let run = 0; run < REGEX_RUNS; run++) {
  const turns = [
    async () => void many.push(await weighAll(one, HOSTS, 300 + run)),
    async () => void regex.push(await confctlRegex(one, 400 + run)),
    async () => void together.push(await commandsAtOnce(one, AT_ONCE, 500 + run)),
    async () => void bareTogether.push(await bareCommandsAtOnce(one, AT_ONCE, 2000 + run * 1000)),
  ];
  for (const turn of shuffled(turns)) await turn();
}

const operations = values.long ? 10_000 : 2000;
tell(`bench: memory over ${String(operations)} operations`);
const beforeMb = await restingMb(sluice.process);
await operate(one, operations);
const afterMb = await restingMb(sluice.process);

const { etcdserver } = (await (await fetch(`${one.lab.etcd.url}/version`)).json()) as { etcdserver: string };
const p = (samples: readonly number[]): ReturnType<typeof summarize> => summarize(samples);
const of = <T, K extends keyof T>(rounds: readonly T[], key: K): T[K][] => rounds.map((round) => round[key]);
const [answerFloor, writeFloor] = [p(of(floors, 'answer')), p(of(floors, 'write'))];
const fastestTogether = p(of(together, 'ms'));
const lost = together.reduce(
  (sum, { asked, done, logged, written }) =>
    sum + (asked - done) + (asked - written) + Math.abs(asked - logged),
  0,
);
const bars: readonly Bar[] = [
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
    what: `weight on ${String(HOSTS)} hosts beside one regex of confctl`,
    value: p(many).p50,
    unit: 'ms',
    floor: p(regex).p50,
    most: 1,
  },
  {
    what: `weight on ${String(HOSTS)} hosts beside a loop of confctl`,
    value: p(many).p50,
    unit: 'ms',
    floor: p(confctl).p50 * HOSTS,
    most: 1 / 100,
  },
  {
    what: `${String(AT_ONCE)} commands at once beside a bare queue`,
    value: fastestTogether.p50,
    unit: 'ms',
    floor: p(bareTogether).p50,
    most: 3,
  },
  {
    what: `of ${String(AT_ONCE * REGEX_RUNS)} commands at once lost or twice`,
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

const rows = (name: string, samples: readonly number[]): readonly string[] => {
  const { n, p50, p95, max } = p(samples);
  return [name, String(n), short(p50), short(p95), short(max)];
};
const measured = table(
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
    rows(`confctl: ${String(HOSTS)} objects by one regex`, regex),
    rows(`Sluice: ${String(HOSTS)} hosts in one operation`, many),
    rows(`bare queue: ${String(AT_ONCE)} commands at once`, bareTogether),
    rows(`Sluice: ${String(AT_ONCE)} commands at once`, of(together, 'ms')),
    rows('start -> ready', of(starts, 'readyMs')),
    rows('registration at IRC', of(starts, 'registrationMs')),
  ],
);
const verdict = table(
  ['bar', 'measured', 'holds'],
  bars.map((bar) => [bar.what, barText(bar), holds(bar) ? 'yes' : 'NO']),
);
const conditions = `Node ${process.version}, Linux ${release()}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? '?'}), load ${loadavg()
  .map((load) => load.toFixed(2))
  .join(' ')}; Redis with appendfsync always, etcd ${etcdserver}, all on loopback`;
const usage = `CPU ${short(cpuPerCommand)} ms a line of chat; idle ${short(idleMb)} MiB in one process, ${short(usageOf(gateway.process).rssMb)} MiB as gateway, ${short(usageOf(worker.process).rssMb)} MiB as worker after the talk; ${short(beforeMb)} -> ${short(afterMb)} MiB over ${String(operations)} operations`;
notes.push(conditions, usage);
console.log([measured, '', verdict, '', ...notes].join('\n'));
const stackOf = (name: string, talks: readonly Talk[]): Stack => ({
  name,
  parts: [
    { what: 'the line is heard, the vote made', ms: p(talks.map(({ stages }) => stages.heard)).p50 },
    { what: 'stored, queued, read and judged anew', ms: p(talks.map(({ stages }) => stages.begun)).p50 },
    { what: 'intent journaled, written, read back', ms: p(talks.map(({ stages }) => stages.written)).p50 },
    { what: 'journaled and seen in the channel', ms: p(talks.map(({ stages }) => stages.told)).p50 },
  ],
});
if (values.picture !== undefined)
  writeFileSync(
    values.picture,
    picture('From !approve to seen done: medians', [
      stackOf('one process', whole),
      stackOf('gateway and worker apart', split),
      {
        name: 'floor: swap, read, note',
        parts: [{ what: 'intent journaled, written, read back', ms: writeFloor.p50 }],
      },
    ]),
  );
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ conditions, floors, whole, split, confctl, regex, many, together, bareTogether, starts, idleMb, beforeMb, afterMb, operations, cpuPerCommand, bars }, undefined, 1)}\n`,
  );
await Promise.all([one.stop(), apart.stop()]);
process.exit(bars.every(holds) ? 0 : 1);
