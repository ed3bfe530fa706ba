import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureConfctl } from '../lab/confctl.ts';
import { holds, short } from './bars.ts';
import { confctlOnce, confctlRegex } from './measures/confctl.ts';
import type { Floors, Talk } from './measures/conversation.ts';
import { talk, talkToBareBot, weighAll } from './measures/conversation.ts';
import { operate, restingMb } from './measures/memory.ts';
import { startOnce } from './measures/start.ts';
import type { Together } from './measures/together.ts';
import { bareCommandsAtOnce, commandsAtOnce } from './measures/together.ts';
import { picture } from './picture.ts';
import type { Results } from './results.ts';
import { barsOf, stacksOf, tableOf, verdictOf } from './results.ts';
import { shuffled } from './statistics.ts';
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
const conditions = `Node ${process.version}, Linux ${release()}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? '?'}), load ${loadavg()
  .map((load) => load.toFixed(2))
  .join(' ')}; Redis with appendfsync always, etcd ${etcdserver}, all on loopback`;
const usage = `CPU ${short(cpuPerCommand)} ms a line of chat; idle ${short(idleMb)} MiB in one process, ${short(usageOf(gateway.process).rssMb)} MiB as gateway, ${short(usageOf(worker.process).rssMb)} MiB as worker after the talk; ${short(beforeMb)} -> ${short(afterMb)} MiB over ${String(operations)} operations`;
const results: Results = {
  floors,
  whole,
  split,
  confctl,
  regex,
  many,
  hosts: HOSTS,
  together,
  bareTogether,
  starts,
  idleMb,
  beforeMb,
  afterMb,
  operations,
};
const bars = barsOf(results);
console.log([tableOf(results), '', verdictOf(bars), '', conditions, usage].join('\n'));
if (values.picture !== undefined)
  writeFileSync(values.picture, picture('From !approve to seen done: medians', stacksOf(results)));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ conditions, ...results, cpuPerCommand, bars }, undefined, 1)}\n`,
  );
await Promise.all([one.stop(), apart.stop()]);
process.exit(bars.every(holds) ? 0 : 1);
