import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { checkServerIdentity, connect as tlsConnect, TLSSocket } from 'node:tls';
import type { ProbeResult, ProbeTarget } from '../../core/probe.ts';
import { readThrown } from '../../core/thrown.ts';
import type { Prober } from '../../ports/prober.ts';
import type { ConnectTo } from './connect-to.ts';
import { addressOf } from './connect-to.ts';

/** What the adapter needs. Times in milliseconds. */
export interface ProberOptions {
  readonly connectTo: readonly ConnectTo[];
  /** PEM of who signs the certificates; undefined: a certificate must carry the name that is asked for, whoever signed it. */
  readonly ca: string | undefined;
  /** One question, when the catalogue gives no time of its own. */
  readonly timeoutMs: number;
  /** However much time the catalogue gives. */
  readonly mostTimeoutMs: number;
  /** Hosts that are asked at once. */
  readonly atOnce: number;
  readonly now: () => number;
}

/**
 * Asks hosts themselves. A connection that is accepted and says nothing is a failure: so it was in the outage that this is for, where every check of a
 * port was green.
 */
export function openProber(options: ProberOptions): Prober {
  return {
    probe: async (targets) => {
      const results: ProbeResult[] = [];
      const queue = [...targets.entries()];
      const ask = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift())
          results[next[0]] = await probeOne(options, next[1]);
      };
      await Promise.all(Array.from({ length: options.atOnce }, ask));
      return results;
    },
  };
}

async function probeOne(options: ProberOptions, target: ProbeTarget): Promise<ProbeResult> {
  const startedAt = options.now();
  const timeoutMs = Math.min(target.timeoutMs ?? options.timeoutMs, options.mostTimeoutMs);
  const signal = AbortSignal.timeout(timeoutMs);
  const progress = { connected: false };
  try {
    const ended =
      target.how === 'tcp'
        ? askTcp(options, target, signal)
        : askHttp(options, target, { signal, onConnect: () => (progress.connected = true) });
    const text = await Promise.race([ended, untilAborted(signal)]);
    return { target, ok: true, text: `${text} in ${String(options.now() - startedAt)} ms` };
  } catch (error) {
    const text =
      signal.aborted && progress.connected
        ? `connection accepted, no answer in ${String(timeoutMs)} ms`
        : signal.aborted
          ? `no connection in ${String(timeoutMs)} ms`
          : reasonOf(error);
    return { target, ok: false, text };
  }
}

function askHttp(
  { connectTo, ca }: ProberOptions,
  { key, port, tls, name, path, statuses }: ProbeTarget,
  { signal, onConnect }: { readonly signal: AbortSignal; readonly onConnect: () => void },
): Promise<string> {
  const to = addressOf(connectTo, key.host, port);
  const common = {
    host: to.address,
    port: to.port,
    path,
    headers: { host: name, 'user-agent': 'Sluice probe', connection: 'close' },
    signal,
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      response.resume();
      const status = response.statusCode ?? 0;
      const good = statuses.length === 0 ? status >= 200 && status < 300 : statuses.includes(status);
      response.once('error', reject);
      response.once('end', () => {
        if (good) resolve(String(status));
        else reject(new Error(`answered ${String(status)}`));
      });
    };
    const asked = tls
      ? httpsRequest({ ...common, servername: name, ...trust(ca) }, answered)
      : httpRequest(common, answered);
    asked.once('socket', (socket) => {
      socket.once('connect', onConnect);
      socket.once('secureConnect', () => {
        const wrong = wrongName(name, socket);
        if (wrong !== undefined) asked.destroy(wrong);
      });
    });
    asked.once('error', reject);
    asked.end();
  });
}

function askTcp(
  { connectTo, ca }: ProberOptions,
  { key, port, tls, name }: ProbeTarget,
  signal: AbortSignal,
): Promise<string> {
  const to = addressOf(connectTo, key.host, port);
  return new Promise((resolve, reject) => {
    const socket = tls
      ? tlsConnect({ host: to.address, port: to.port, servername: name, ...trust(ca) })
      : connect({ host: to.address, port: to.port });
    const leave = (): void => void socket.destroy();
    signal.addEventListener('abort', leave, { once: true });
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      const wrong = wrongName(name, socket);
      leave();
      if (wrong === undefined) resolve('connected');
      else reject(wrong);
    });
  });
}

/** Without an authority to trust, the name is still looked at, below. */
function trust(ca: string | undefined): { ca?: string; rejectUnauthorized: boolean } {
  return ca === undefined ? { rejectUnauthorized: false } : { ca, rejectUnauthorized: true };
}

/** A certificate for another name is what made the service of 2025 answer nobody, whoever signed it. */
function wrongName(name: string, socket: Socket): Error | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  return checkServerIdentity(name, socket.getPeerCertificate());
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = readThrown(error);
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'connection closed before an answer';
    case 'ENOTFOUND':
      return 'its name does not resolve';
    default:
      return message;
  }
}
