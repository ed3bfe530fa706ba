import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import type { Talker } from './conversation.ts';
import { logLines } from './conversation.ts';

/** One Sluice after the other on the same journal: what crash tests kill, start again and look at. */
export class Lives {
  private readonly lab: Lab;
  /** Somebody who sees the channel. */
  private readonly watcher: Talker;
  private current: SluiceProcess | undefined;

  constructor(lab: Lab, watcher: Talker) {
    this.lab = lab;
    this.watcher = watcher;
  }

  get sluice(): SluiceProcess {
    if (this.current === undefined) throw new Error('no Sluice was started');
    return this.current;
  }

  /** Starts the next one, and resolves when it is ready. @param faultPoints as in SLUICE_FAULT_POINTS. */
  async start(faultPoints?: string): Promise<void> {
    this.current = this.lab.startSluice(
      faultPoints === undefined ? {} : { env: { SLUICE_FAULT_POINTS: faultPoints } },
    );
    await this.current.ready;
  }

  /** Approves while etcd does not answer: then the approval is stored alone, and what begins by it comes after that. */
  async approveFirst(id: string, approver: Talker): Promise<void> {
    this.lab.etcd.process.freeze();
    approver.say(`!approve ${id}`);
    await this.reaches(id, 'queued');
    this.lab.etcd.process.signal('SIGCONT');
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.current?.process.signal('SIGKILL');
    await this.current?.process.exited;
  }

  /** Starts it again and returns what is then said of the operation. */
  async next(id: string, words: RegExp): Promise<string> {
    const since = this.watcher.irc.lines.length;
    await this.start();
    const line = await this.watcher.irc.waitFor(
      ({ text }) => text.startsWith(id) && words.test(text),
      undefined,
      { since },
    );
    return line.text;
  }

  /** The log lines about an operation, once the journal holds nothing more to be said. */
  async logged(id: string): Promise<readonly string[]> {
    await this.onRedis((redis) =>
      waitUntil(
        'all is said',
        async () => this.sluice.isRunning() && (await redis.llen('{sluice}:unsent')) === 0,
      ),
    );
    // What the network had before this line it has shown to everybody who sees this line.
    const mark = `all said of ${id}?`;
    const since = this.watcher.irc.lines.length;
    this.watcher.say(mark);
    await this.watcher.irc.waitFor(({ text }) => text === mark, undefined, { since });
    return logLines(this.watcher, id);
  }

  /** Resolves when the running process has logged these words. */
  logs(words: string): Promise<void> {
    const { logFile } = this.sluice;
    return waitUntil(`it logs: ${words}`, () => readFileSync(logFile, 'utf8').includes(words));
  }

  /** A field of an operation as the journal has it; null when there is none. */
  field(id: string, name: string): Promise<string | null> {
    return this.onRedis((redis) => redis.hget(`{sluice}:op:${id}`, name));
  }

  /** Resolves when the journal has the operation in that state. */
  reaches(id: string, state: string): Promise<void> {
    return waitUntil(`${id} is ${state}`, async () => (await this.field(id, 'state')) === state);
  }

  /** Speaks with Redis itself. */
  async onRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.lab.redis.url);
    // While Redis is away each try is an error event.
    redis.on('error', () => undefined);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }
}

/** The index of the last change of an object. */
export async function modifiedIndex(lab: Lab, path: string): Promise<number> {
  const answer = (await (await fetch(`${lab.etcd.url}/v2/keys${path}?quorum=true`)).json()) as {
    node: { modifiedIndex: number };
  };
  return answer.node.modifiedIndex;
}
