import type { ConnectionOptions } from 'bullmq';
import { Queue as BullQueue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { fail, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { Queue } from '../../ports/queue.ts';

/** What the queue is opened with. */
export interface QueueOptions {
  /** Where Redis is; BullMQ makes its own connections from it, since it does not close those that it is handed. */
  readonly connection: RedisOptions;
  /** Operations carried out at once by this process, on different services. */
  readonly concurrency: number;
  readonly log: Log;
  /** How long a worker that gives no sign of life keeps its job; for tests. */
  readonly lockMs?: number;
  /** How often jobs of dead workers are looked for; for tests. */
  readonly stalledMs?: number;
}

const NAME = 'operations';
/** Everything of Sluice has one hash tag, so that one script may touch all of it in a Redis Cluster. */
const PREFIX = '{sluice}';
/** Longer than a Redis takes to restart: a lock that ran out in between makes the job run twice, which is harmless but noisy. */
const LOCK_MS = 60_000;
const STALLED_MS = 15_000;
const MOST_STALLS = 5;
const ADD_WITHIN_MS = 1800;
const PRODUCER = {
  replyMapping: 'legacy' as const,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  retryStrategy,
};

/**
 * BullMQ as an alarm clock: one job per operation, called `op-ID`, gone when it has run. Its locks, retries and results decide nothing; what
 * is to be done is in the journal.
 */
export function openQueue(options: QueueOptions): Queue {
  const { connection, log, lockMs = LOCK_MS, stalledMs = STALLED_MS } = options;
  // Our own, since BullMQ leaves one that it opened trying for ever when it is closed while Redis is away.
  const producer = new Redis(Object.assign({}, connection, PRODUCER));
  const queue = new BullQueue<{ id: string }>(NAME, {
    connection: producer,
    prefix: PREFIX,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  });
  let worker: Worker<{ id: string }> | undefined;
  const running = new Set<Promise<void>>();
  // Each failed try is an error event of both.
  producer.on('error', () => undefined);
  queue.on('error', (error) => {
    log.warn({ cause: error.message }, 'queue: redis away');
  });
  return {
    wake: (id) => inTime(queue.add('run', { id }, { jobId: `op-${id}` }).then(() => undefined)),
    awake: () =>
      inTime(
        queue
          .getJobs(['waiting', 'active', 'delayed', 'prioritized'])
          .then((jobs) => new Set(jobs.map((job) => job.data.id))),
      ),
    start: (run) => {
      worker = new Worker<{ id: string }>(
        NAME,
        // BullMQ gives its signal only to a processor that declares three parameters.
        async ({ data }, _token, _signal) => {
          const job = run(data.id);
          running.add(job);
          await job.finally(() => running.delete(job));
        },
        {
          connection: Object.assign(
            { retryStrategy, maxRetriesPerRequest: null },
            connection,
          ) as ConnectionOptions,
          prefix: PREFIX,
          concurrency: options.concurrency,
          lockDuration: lockMs,
          stalledInterval: stalledMs,
          maxStalledCount: MOST_STALLS,
        },
      );
      worker.on('error', (error) => {
        log.warn({ cause: error.message }, 'worker: redis away');
      });
      worker.on('failed', (job, error) => {
        log.error({ op: job?.data.id, cause: error.message }, 'job failed');
      });
    },
    close: async () => {
      // Without Redis, an orderly farewell would wait for it to come back.
      const answers = await inTime(queue.getJobCountByTypes('active'));
      if (!answers.ok) await Promise.allSettled(running);
      await worker?.close(!answers.ok);
      await queue.close();
      producer.disconnect();
    },
  };
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
