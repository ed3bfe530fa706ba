import { Agent, request } from 'node:http';
import { seedObjects } from './conftool-data.ts';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** A real etcd 3.4 with the v2 API. */
export interface LabEtcd {
  readonly url: string;
  readonly port: number;
  /** The process that runs now: another one after `restart`. */
  readonly process: LabProcess;
  /** Ends it if it still runs, and starts it again on the same port and data. Resolves when it answers. */
  restart(): Promise<void>;
}

/** How to start it other than plainly. */
export interface EtcdOptions {
  readonly port?: number;
  /** `false`: as etcd comes, without the API that conftool speaks. */
  readonly v2?: boolean;
  /** Certificate and key files: it serves https. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

const WRITERS = 12;

/** Starts etcd on loopback with its data in the run directory. @throws when it does not answer within ten seconds. */
export async function startEtcd(runDir: RunDir, options: EtcdOptions = {}): Promise<LabEtcd> {
  const port = options.port ?? (await freePort());
  const peerPort = await freePort();
  const start = (): Promise<LabProcess> => startOn(runDir, port, peerPort, options);
  let current = await start();
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    port,
    get process() {
      return current;
    },
    restart: async () => {
      await current.stop();
      current = await start();
    },
  };
}

/** Puts every object of the lab's conftool data into etcd, as conftool-sync and the first operators left them. */
export async function seedConftool(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS, noDelay: true });
  const objects = [...seedObjects()];
  const write = async (): Promise<void> => {
    for (let object = objects.shift(); object !== undefined; object = objects.shift()) {
      await putValue(`${url}/v2/keys/conftool/v1/${object.path}`, object.text, agent);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  agent.destroy();
}

/** Writes a key without any condition, as a careless hand would. */
export function putValue(url: string, text: string, agent?: Agent): Promise<void> {
  const body = new URLSearchParams({ value: text }).toString();
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const put = request(
      url,
      { method: 'PUT', headers, ...(agent === undefined ? {} : { agent }) },
      (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200 || response.statusCode === 201) resolve();
          else reject(new Error(`etcd answered ${String(response.statusCode)} for ${url}`));
        });
      },
    );
    put.once('error', reject);
    put.end(body);
  });
}

async function startOn(
  runDir: RunDir,
  port: number,
  peerPort: number,
  options: EtcdOptions,
): Promise<LabProcess> {
  const scheme = options.tls === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${String(port)}`;
  const peerUrl = `http://127.0.0.1:${String(peerPort)}`;
  const settings = [
    ['--name', 'lab'],
    ['--data-dir', runDir.folder(`etcd-${String(port)}`)],
    ['--listen-client-urls', url],
    ['--advertise-client-urls', url],
    ['--listen-peer-urls', peerUrl],
    ['--initial-advertise-peer-urls', peerUrl],
    ['--initial-cluster', `lab=${peerUrl}`],
    [`--enable-v2=${String(options.v2 ?? true)}`],
    ...(options.tls === undefined
      ? []
      : [['--cert-file', options.tls.certFile, '--key-file', options.tls.keyFile]]),
    // Elections with nobody else are quick.
    ['--heartbeat-interval', '20', '--election-timeout', '200'],
    ['--logger', 'zap', '--log-level', 'error'],
  ].flat();
  const env = { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch };
  const server = startProcess(runDir, { name: `etcd-${String(port)}`, command: 'etcd', args: settings, env });
  try {
    await waitUntil('etcd answers', () =>
      options.tls === undefined ? answers(`${url}/health`) : isListening(port),
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function answers(url: string): Promise<boolean> {
  try {
    return ((await (await fetch(url)).json()) as { health?: unknown }).health === 'true';
  } catch {
    return false;
  }
}

async function isListening(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
