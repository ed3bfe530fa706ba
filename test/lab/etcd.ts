import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { get as getOverTls } from 'node:https';
import { seedObjects } from './conftool-data.ts';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** A real etcd 3.4 with the v2 API. */
export interface LabEtcd {
  readonly url: string;
  readonly port: number;
  /** The process that runs now: another one after `restart`. */
  readonly process: LabProcess;
  /** Ends it as a crash does; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it if it still runs, and starts it again on the same port and data. Resolves when it answers. */
  restart(): Promise<void>;
}

/** How to start it other than plainly. */
export interface EtcdOptions {
  readonly port?: number;
  /** `false`: as etcd comes, without the API that conftool speaks. */
  readonly v2?: boolean;
  /** Files of a certificate for 127.0.0.1 that is its own authority, and of its key: it serves https. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

interface Member {
  readonly name: string;
  readonly port: number;
  readonly peerUrl: string;
  /** `NAME=PEERURL,...` of all members. */
  readonly cluster: string;
}

const WRITERS = 12;
const PORT_ATTEMPTS = 3;

/** Starts etcd on loopback with its data in the run directory. @throws when it ends, or does not answer within thirty seconds. */
export async function startEtcd(runDir: RunDir, options: EtcdOptions = {}): Promise<LabEtcd> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const peerUrl = loopback(await freePort());
    const etcd = startMember(runDir, { name: 'lab', port, peerUrl, cluster: `lab=${peerUrl}` }, options);
    try {
      await etcd.answers();
      return etcd;
    } catch (error) {
      // Between the look and the start another process may have taken one of the ports.
      if (options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Starts three members that elect a leader among them. Resolves when all answer. */
export async function startEtcdCluster(runDir: RunDir): Promise<readonly LabEtcd[]> {
  const names = ['lab-1', 'lab-2', 'lab-3'];
  const places = await Promise.all(
    names.map(async (name) => ({ name, port: await freePort(), peerUrl: loopback(await freePort()) })),
  );
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const members = places.map((place) => startMember(runDir, { ...place, cluster }, {}));
  await Promise.all(members.map((member) => member.answers()));
  return members;
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

/** Writes a key without any condition, as a careless hand would. @param url of the key, `http://HOST:PORT/v2/keys/...` */
export function putValue(url: string, text: string, agent?: Agent): Promise<void> {
  return send('PUT', url, new URLSearchParams({ value: text }).toString(), agent);
}

/** Deletes a key, or a directory with all that is in it. */
export function deleteKey(url: string): Promise<void> {
  return send('DELETE', `${url}?recursive=true`, '');
}

function send(method: string, url: string, body: string, agent?: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { method, headers, agent: agent ?? false }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200 || response.statusCode === 201) resolve();
        else reject(new Error(`etcd answered ${String(response.statusCode)} for ${method} ${url}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function startMember(
  runDir: RunDir,
  member: Member,
  options: EtcdOptions,
): LabEtcd & { readonly answers: () => Promise<void> } {
  const { port } = member;
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`;
  const start = (): LabProcess =>
    startProcess(runDir, {
      name: `etcd-${String(port)}`,
      command: 'etcd',
      args: settings(runDir, member, url, options),
      // Etcd 3.4 wants to be told that an ARM machine is meant.
      env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
    });
  let current = start();
  const answers = async (): Promise<void> => {
    let hasEnded = false;
    void current.exited.then(() => (hasEnded = true));
    try {
      await waitUntil(`etcd answers at ${url}`, () => {
        if (hasEnded) throw new Error(`etcd ended at once, see ${runDir.path}/etcd-${String(port)}.log`);
        return isHealthy(`${url}/health`, options.tls?.certFile);
      });
    } catch (error) {
      await current.stop();
      throw error;
    }
  };
  return {
    url,
    port,
    get process() {
      return current;
    },
    answers,
    kill: async () => {
      current.signal('SIGKILL');
      await current.exited;
    },
    restart: async () => {
      await current.stop();
      current = start();
      await answers();
    },
  };
}

function settings(runDir: RunDir, member: Member, url: string, { v2, tls }: EtcdOptions): readonly string[] {
  const { name, port, peerUrl, cluster } = member;
  return [
    ['--name', name],
    ['--data-dir', runDir.folder(`etcd-${String(port)}`)],
    ['--listen-client-urls', url],
    ['--advertise-client-urls', url],
    ['--listen-peer-urls', peerUrl],
    ['--initial-advertise-peer-urls', peerUrl],
    ['--initial-cluster', cluster],
    [`--enable-v2=${String(v2 ?? true)}`],
    tls === undefined ? [] : ['--cert-file', tls.certFile, '--key-file', tls.keyFile],
    // On loopback an election is quick.
    ['--heartbeat-interval', '20', '--election-timeout', '200'],
    ['--logger', 'zap', '--log-level', 'error'],
  ].flat();
}

/** `true` only when there is a leader. */
async function isHealthy(url: string, certFile: string | undefined): Promise<boolean> {
  try {
    const body = certFile === undefined ? await (await fetch(url)).text() : await readOverTls(url, certFile);
    return (JSON.parse(body) as { health?: unknown }).health === 'true';
  } catch {
    return false;
  }
}

function readOverTls(url: string, certFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(certFile);
    const asked = getOverTls(url, { ca, agent: false }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      response.once('end', () => {
        resolve(body);
      });
    });
    asked.once('error', reject);
  });
}

function loopback(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}
