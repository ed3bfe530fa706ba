import process from 'node:process';
import { Redis } from 'ioredis';

/** A client that sends what is asked for in one turn of the event loop in one write: the system call costs more than most commands do. */
export class GatheringRedis extends Redis {
  private isGathering = false;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): ReturnType<Redis['sendCommand']> {
    const [, pipeline] = args;
    // There is none before the first connection.
    const stream = this.stream as Redis['stream'] | undefined;
    if (pipeline === undefined && stream !== undefined && !this.isGathering) {
      this.isGathering = true;
      stream.cork();
      process.nextTick(() => {
        this.isGathering = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...args);
  }
}
