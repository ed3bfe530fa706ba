import type { ConnectionOptions } from 'bullmq';
import { Queue as BullQueue, Worker } from 'bullmq';
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
}

const NAME = 'operations';
/** Everything of Sluice has one hash tag, so that one script may touch all of it in a Redis Cluster. */
const PREFIX = '{sluice}';
/** Longer than a Redis takes to restart: a lock that ran out in between makes the job run twice, which is harmless but noisy. */
const LOCK_MS = 60_000;
const STALLED_MS = 15_000;
const MOST_STALLS = 5;
const ADD_WITHIN_MS = 1800;

/**
 * BullMQ as an alarm clock: one job per operation, called `op-ID`, gone when it has run. Its locks, retries and results decide nothing; what
 * is to be done is in the journal.
 */
export function openQueue(options: QueueOptions): Queue {
  const { connection, log } = options;
  const producer = connectionFor(connection, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  const queue = new BullQueue<{ id: string }>(NAME, {
    connection: producer,
    prefix: PREFIX,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  });
  let worker: Worker<{ id: string }> | undefined;
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
        async (job, _token, _signal) => {
          await run(job.data.id);
        },
        {
          connection: connectionFor(connection, { maxRetriesPerRequest: null }),
          prefix: PREFIX,
          concurrency: options.concurrency,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_MS,
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
      await worker?.close();
      await queue.close();
    },
  };
}

/** BullMQ declares its optional fields more strictly than ioredis does; what is in them is the same. */
function connectionFor(connection: RedisOptions, own: RedisOptions): ConnectionOptions {
  return Object.assign({ retryStrategy }, connection, own) as ConnectionOptions;
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
