import { Queue as BullQueue, WaitingError, Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis, RedisOptions } from 'ioredis';
import { fail, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { Queue } from '../../ports/queue.ts';
import type { QueueTelemetry } from './telemetry.ts';

/** What the queue is opened with. */
export interface QueueOptions {
  /** Makes a client of the Redis. */
  readonly connect: (behaviour: Omit<RedisOptions, 'replyMapping'>) => Redis;
  /** Operations carried out at once by this process, on different services. */
  readonly concurrency: number;
  readonly log: Log;
  /** Where spans are exported. */
  readonly telemetry?: QueueTelemetry | undefined;
  /** How long a worker that gives no sign of life keeps its job; for tests. */
  readonly lockMs?: number;
  /** How often jobs of dead workers are looked for; for tests. */
  readonly stalledMs?: number;
}

/** A queue that can be asked whether it works: a worker may stop without a word after Redis was away. */
export interface WatchedQueue extends Queue {
  /** Whether a worker takes a job within `withinMs`; a Fault when Redis does not answer, which is another matter. */
  canary(withinMs: number): Promise<Result<boolean>>;
  /** Replaces a worker that takes nothing any more. What it runs goes on. */
  restart(): void;
}

const NAME = 'operations';
const CANARY = 'canary';
const LOOK_EVERY_MS = 50;
/** What this process has begun itself gets its job a moment later: while it writes nobody else needs it, and Redis has other things to do. */
const ADD_AFTER_MS = 20;
/** Everything of Sluice has one hash tag, so that one script may touch all of it in a Redis Cluster. */
const PREFIX = '{sluice}';
/** Longer than a Redis takes to restart: a lock that ran out in between makes the job run twice, which is harmless but noisy. */
const LOCK_MS = 60_000;
const STALLED_MS = 15_000;
const MOST_STALLS = 5;
/** Redis is there and takes nothing: no replicas, a replica itself, its disk or its memory full. */
const REFUSES = /NOREPLICAS|READONLY|MISCONF|OOM /;
/** Before a Redis that refuses is asked again. */
const REST_MS = 1000;
const ADD_WITHIN_MS = 1800;
const PRODUCER = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  retryStrategy,
};

/** What a job says. */
interface Job {
  readonly id: string;
  /** The process that has begun already. */
  readonly begunBy?: string;
}

/**
 * BullMQ as an alarm clock: one job per operation, called `op-ID`, gone when it has run. Its locks, retries and results decide nothing; what
 * is to be done is in the journal.
 */
export function openQueue(options: QueueOptions): WatchedQueue {
  const { connect, log, telemetry, lockMs = LOCK_MS, stalledMs = STALLED_MS } = options;
  // Our own, since BullMQ leaves one that it opened trying for ever when it is closed while Redis is away.
  const producer = connect(PRODUCER);
  const queue = new BullQueue<Job>(NAME, {
    connection: producer,
    prefix: PREFIX,
    ...(telemetry === undefined ? {} : { telemetry }),
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  });
  const self = randomUUID();
  let worker: Worker<Job> | undefined;
  let run: Parameters<Queue['start']>[0] | undefined;
  const taken = new Set<string>();
  /** By operation. */
  const running = new Map<string, Promise<void>>();
  /** Begun here, and no job yet; and those whose jobs are on their way. */
  const later: Job[] = [];
  const coming = new Set<string>();
  let adding: NodeJS.Timeout | undefined;
  let isClosing = false;
  // Each failed try is an error event of both.
  producer.on('error', () => undefined);
  queue.on('error', (error) => {
    log.warn({ cause: error.message }, 'queue: redis away');
  });
  return {
    wake: (id) => {
      if (running.has(id) || begin(id)) {
        later.push({ id, begunBy: self });
        adding ??= setTimeout(() => void addLater(), ADD_AFTER_MS);
        return Promise.resolve(ok(undefined));
      }
      return inTime(queue.add('run', { id }, { jobId: jobIdOf(id) }).then(() => undefined));
    },
    begin: (id) => !running.has(id) && begin(id),
    awake: () => {
      // What gets its job while Redis is asked may be missing in the answer.
      const known = [...coming, ...later.map(({ id }) => id)];
      return inTime(
        queue
          .getJobs(['waiting', 'active', 'delayed', 'prioritized'])
          .then(
            (jobs) => new Set([...known, ...jobs.map((job) => job.data.id), ...later.map(({ id }) => id)]),
          ),
      );
    },
    start: (given) => {
      run = given;
      worker = openWorker();
    },
    canary: async (withinMs) => {
      // Every place is taken by an operation that runs: whatever it is, it is not deaf.
      if (running.size >= options.concurrency) return ok(true);
      const token = randomUUID();
      const added = await inTime(queue.add(CANARY, { id: token }, { jobId: `canary-${token}` }));
      if (!added.ok) return added;
      const deadline = Date.now() + withinMs;
      for (;;) {
        // Taken here, or gone because another process took it.
        if (taken.delete(token)) return ok(true);
        const job = await inTime(queue.getJob(`canary-${token}`));
        if (!job.ok) return job;
        if (job.value === undefined) return ok(true);
        if (Date.now() > deadline) break;
        await sleep(LOOK_EVERY_MS);
      }
      await inTime(queue.remove(`canary-${token}`));
      return ok(false);
    },
    restart: () => {
      if (run === undefined) return;
      const old = worker;
      worker = openWorker();
      // Nobody waits for it: it may be as deaf to this.
      void old?.close(true).catch(() => undefined);
    },
    close: async () => {
      isClosing = true;
      // Without Redis, an orderly farewell would wait for it to come back.
      const answers = await inTime(queue.getJobCountByTypes('active'));
      if (!answers.ok) await Promise.allSettled(running.values());
      await worker?.close(!answers.ok);
      await Promise.allSettled(running.values());
      // What has begun here has ended by now, one way or another.
      clearTimeout(adding);
      await queue.close();
      producer.disconnect();
    },
  };

  async function addLater(): Promise<void> {
    clearTimeout(adding);
    adding = undefined;
    const jobs = later.splice(0);
    if (jobs.length === 0) return;
    for (const { id } of jobs) coming.add(id);
    const added = await inTime(
      queue.addBulk(jobs.map((data) => ({ name: 'run', data, opts: { jobId: jobIdOf(data.id) } }))),
    );
    for (const { id } of jobs) coming.delete(id);
    if (!added.ok) log.warn({ ops: jobs.map(({ id }) => id), fault: added.fault }, 'queue: jobs not added');
  }

  /** @returns false when this process runs nothing, or has its hands full. */
  function begin(id: string): boolean {
    if (run === undefined || isClosing || running.size >= options.concurrency) return false;
    // What fails is a bug, and is logged by whoever runs it.
    start(id, run(id, false)).catch(() => undefined);
    return true;
  }

  /** What was begun without its job takes places too. @returns false when this process ends before there is one. */
  async function runInTurn(id: string, begunElsewhere: boolean): Promise<boolean> {
    while (running.size >= options.concurrency && !isClosing)
      await Promise.race(running.values()).catch(() => undefined);
    if (isClosing || run === undefined) return false;
    await start(id, run(id, begunElsewhere));
    return true;
  }

  function start(id: string, work: Promise<void>): Promise<void> {
    const ended = work.finally(() => running.delete(id));
    running.set(id, ended);
    return ended;
  }

  function openWorker(): Worker<Job> {
    const client = connect({ retryStrategy, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    const opened = new Worker<Job>(
      NAME,
      // BullMQ gives its signal only to a processor that declares three parameters.
      async (job, token, _signal) => {
        const { name, data } = job;
        if (name === CANARY) {
          taken.add(data.id);
          return;
        }
        const { id, begunBy } = data;
        const here = running.get(id);
        if (here !== undefined || begunBy === self) await here;
        else if (!(await runInTurn(id, begunBy !== undefined))) {
          // It stays for the next process.
          await job.moveToWait(token);
          throw new WaitingError();
        }
      },
      {
        // BullMQ makes a second one from it for waiting, and closes that one only.
        connection: client,
        prefix: PREFIX,
        ...(telemetry === undefined ? {} : { telemetry }),
        concurrency: options.concurrency,
        lockDuration: lockMs,
        stalledInterval: stalledMs,
        maxStalledCount: MOST_STALLS,
      },
    );
    // A Redis that refuses is asked again at once by the library, and for ever.
    let rest: NodeJS.Timeout | undefined;
    opened.on('error', (error) => {
      if (rest !== undefined) return;
      log.warn({ cause: error.message }, 'worker: redis away');
      if (!REFUSES.test(error.message)) return;
      void opened.pause(true);
      rest = setTimeout(() => {
        rest = undefined;
        void opened.resume();
      }, REST_MS);
      rest.unref();
    });
    opened.on('closed', () => {
      client.disconnect();
    });
    opened.on('failed', (job, error) => {
      log.error({ op: job?.data.id, cause: error.message }, 'job failed');
    });
    return opened;
  }
}

function jobIdOf(id: string): string {
  return `op-${id}`;
}

function retryStrategy(times: number): number {
  return Math.min(1000, 50 * 2 ** Math.min(times, 10));
}

/** A wake-up that Redis does not take in time is given up: the sweeper will wake again. */
async function inTime<T>(work: Promise<T>): Promise<Result<T>> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${String(ADD_WITHIN_MS)} ms`));
    }, ADD_WITHIN_MS);
  });
  try {
    return ok(await Promise.race([work, late]));
  } catch (error) {
    return fail({ kind: 'store-unreachable', cause: error instanceof Error ? error.message : String(error) });
  } finally {
    clearTimeout(timer);
  }
}
