import { PEOPLE } from '../../lab/world-files.ts';
import type { World } from '../world.ts';
import { comeToRest, MANY, pathOf, SERVICE } from '../world.ts';

/** Before each line: what was said before has been acknowledged by everybody's TCP by then, as it is when people talk. */
const PAUSE_MS = 60;

/** Milliseconds of one round of talk with Sluice. */
export interface Talk {
  /** Command seen -> first answer seen, without approval. */
  readonly answer: number;
  /** The same -> its log line seen. */
  readonly log: number;
  /** Approval said -> written and read back, as the journal has it. */
  readonly written: number;
  /** Approval said -> that is seen in the channel. */
  readonly told: number;
  /** What that time went into, by the times that the journal has: whole milliseconds. */
  readonly stages: Stages;
}

/** From approval said to seen done, one after the other. */
interface Stages {
  /** Until the vote is made. */
  readonly heard: number;
  /** Until the intent is journaled: the vote stored, the queue, the worker, production read and judged anew. */
  readonly begun: number;
  /** Until it is written and read back. */
  readonly written: number;
  /** Until it is journaled and seen in the channel. */
  readonly told: number;
}

/** One change without approval and one with. `round` makes them differ from those before. */
export async function talk(world: World, host: string, round: number): Promise<Talk> {
  const [asker, approver] = world.people;
  if (asker === undefined || approver === undefined) throw new Error('nobody is there');
  const approverName = PEOPLE[1];
  const name = host.split('.')[0] ?? host;
  await pause();
  const answered = asker.sees(/^\S+: \S+ needs no approval/);
  const logged = asker.sees(/^!log /);
  const askedAt = asker.say(`!weight ${name} ${SERVICE} ${String(20 + (round % 1000))}`);
  const answer = (await answered).at - askedAt;
  const log = (await logged).at - askedAt;
  await comeToRest(world);
  await pause();
  const shown = asker.sees(/^\S+: (\S+) waits for/);
  // From pooled and back, so that each is one write.
  asker.say(`!${(await isPooled(world, host)) ? 'depool' : 'pool'} ${name} ${SERVICE}`);
  const id = / (\S+) waits for/.exec((await shown).text)?.[1] ?? '';
  await pause();
  const done = approver.sees(new RegExp(`^${id} done in`));
  const approvedAt = approver.say(`!approve ${id}`);
  const told = (await done).at - approvedAt;
  await comeToRest(world);
  const said = performance.timeOrigin + approvedAt;
  const [step, vote] = await world.redis.hmget(`{sluice}:op:${id}`, 'step:0', `vote:${approverName}`);
  const votedAt = (JSON.parse(vote ?? '{}') as { readonly at?: number }).at ?? NaN;
  const { intent, result } = JSON.parse(step ?? '{}') as {
    readonly intent?: { readonly at: number };
    readonly result?: { readonly readBackAt: number };
  };
  const intentAt = intent?.at ?? NaN;
  const readBackAt = result?.readBackAt ?? NaN;
  const stages = {
    heard: votedAt - said,
    begun: intentAt - votedAt,
    written: readBackAt - intentAt,
    told: said + told - readBackAt,
  };
  return { answer, log, written: readBackAt - said, told, stages };
}

async function isPooled({ lab }: World, host: string): Promise<boolean> {
  const text = await lab.etcdValue(`/conftool/v1/pools/eqiad/maps/${SERVICE}/${host}`);
  return text?.includes('"yes"') === true;
}

/** Milliseconds of the floors of one round. */
export interface Floors {
  /** A line heard, a quorum read, a write to Redis that is on disk, an answer seen. */
  readonly answer: number;
  /** Compare-and-swap, quorum read, a write to Redis that is on disk: without chat. */
  readonly write: number;
  /** A line heard, a job, read and write in its worker, an answer seen. */
  readonly queue: number;
}

/** One line of each kind to the bare bot. */
export async function talkToBareBot(world: World, round: number): Promise<Floors> {
  const [asker] = world.people;
  if (asker === undefined) throw new Error('nobody is there');
  const ask = async (kind: string): Promise<{ readonly ms: number; readonly text: string }> => {
    await pause();
    const seen = asker.sees(new RegExp(`^${kind} done`));
    const at = asker.say(`${kind} ${pathOf(round % 100)} ${String(round)}`);
    const { at: seenAt, text } = await seen;
    return { ms: seenAt - at, text };
  };
  const { ms: answer } = await ask('bare-answer');
  const write = Number((await ask('bare-write')).text.split(' in ')[1]);
  const { ms: queue } = await ask('bare-queue');
  return { answer, write, queue };
}

/** `weight` on every host of the bench in one operation, from the command to its end. @returns milliseconds. */
export async function weighAll(world: World, hosts: number, weight: number): Promise<number> {
  const [asker] = world.people;
  if (asker === undefined) throw new Error('nobody is there');
  await pause();
  const done = asker.sees(/^\S+ (done in|failed|conflict|held|UNKNOWN)/);
  const at = asker.say(`!weight bench[1001-${String(1000 + hosts)}] ${MANY} ${String(weight)} pace=none`);
  const { at: endedAt, text } = await done;
  if (!text.includes(' done in ')) throw new Error(text);
  await comeToRest(world);
  return endedAt - at;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
