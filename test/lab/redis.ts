import { connect } from 'node:net';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** A real redis-server of a lab, on loopback TCP. */
export interface LabRedis {
  readonly url: string;
  readonly port: number;
  /** The process that runs now: another one after `restart`. */
  readonly process: LabProcess;
  /** Stops it if it still runs, and starts it again on the same port and data. Resolves when it answers. */
  restart(): Promise<void>;
}

const PORT_ATTEMPTS = 3;

/**
 * Starts Redis the way Sluice wants it: every write on disk before it is acknowledged, nothing evicted.
 *
 * @param options.port a fixed port; else a free one is chosen.
 * @throws when it does not answer within ten seconds.
 */
export async function startRedis(runDir: RunDir, options: { port?: number } = {}): Promise<LabRedis> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const start = (): Promise<LabProcess> => startOn(runDir, port);
    try {
      let current = await start();
      return {
        url: `redis://127.0.0.1:${String(port)}`,
        port,
        get process() {
          return current;
        },
        restart: async () => {
          await current.stop();
          current = await start();
        },
      };
    } catch (error) {
      // Between the look and the start another process may have taken the port.
      if (options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startOn(runDir: RunDir, port: number): Promise<LabProcess> {
  const folder = runDir.folder(`redis-${String(port)}`);
  const settings = [
    ['--bind', '127.0.0.1'],
    ['--port', String(port)],
    ['--dir', folder],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'always'],
    ['--save', ''],
    ['--maxmemory-policy', 'noeviction'],
    ['--daemonize', 'no'],
  ].flat();
  const server = startProcess(runDir, { name: 'redis', command: 'redis-server', args: settings });
  let hasEnded = false;
  void server.exited.then(() => {
    hasEnded = true;
  });
  try {
    await waitUntil('redis-server answers', async () => {
      if (hasEnded) throw new Error(`redis-server ended at once, see ${runDir.path}/redis.log`);
      return answersPing(port);
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Speaks just enough of the protocol to know that data is loaded and commands are taken. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (data) => {
      end(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => {
      end(false);
    });
    socket.setTimeout(500, () => {
      end(false);
    });
  });
}
