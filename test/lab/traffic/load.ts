import { Agent, request } from 'node:http';

/** What came of the requests. Latency in milliseconds. */
interface LoadResult {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** Status, or what went wrong -> how often. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Host that answered -> how often. */
  readonly hosts: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
}

/** Requests that go on until they have been sent, or are stopped. */
export interface Load {
  /** Ends it early. */
  stop(): void;
  /** Resolves when every request has been answered. */
  readonly result: Promise<LoadResult>;
}

const PATH = '/osm-intl/6/23/24.png';
const MOST_RPS = 500;
const MOST_SECONDS = 600;
const WITHIN_MS = 30_000;

/**
 * Sends requests through a load balancer, evenly. Bounded in rate and time, and only to loopback.
 *
 * @throws for another address, or more than it may.
 */
export function startLoad(options: {
  readonly url: string;
  readonly rps: number;
  readonly seconds: number;
}): Load {
  const { url, rps, seconds } = options;
  const { hostname, port } = new URL(url);
  if (!hostname.startsWith('127.')) throw new Error(`load is for loopback, not for ${hostname}`);
  if (rps > MOST_RPS || seconds > MOST_SECONDS) throw new Error('that is too much load');
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const answers: Promise<Answer>[] = [];
  const total = Math.round(rps * seconds);
  const startedAt = performance.now();
  let stopped = false;
  const sending = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * rps));
      while (answers.length < due && !stopped) answers.push(send(agent, hostname, Number(port)));
      if (!stopped && answers.length < total) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  return {
    stop: () => {
      stopped = true;
    },
    result: sending.then(async () => {
      const all = await Promise.all(answers);
      agent.destroy();
      return summarize(all);
    }),
  };
}

interface Answer {
  readonly outcome: string;
  readonly host: string | undefined;
  readonly tookMs: number;
}

function send(agent: Agent, host: string, port: number): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const end = (outcome: string, by?: string): void => {
      resolve({ outcome, host: by, tookMs: performance.now() - startedAt });
    };
    const asked = request({ agent, host, port, path: PATH, timeout: WITHIN_MS }, (response) => {
      response.resume();
      response.on('end', () => {
        const by = response.headers['x-host'];
        end(String(response.statusCode), typeof by === 'string' ? by : undefined);
      });
      response.on('error', (error) => {
        end(error.message);
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      end(error.code ?? error.message);
    });
    asked.end();
  });
}

function summarize(answers: readonly Answer[]): LoadResult {
  const ok = answers.filter(({ outcome }) => outcome === '200').length;
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(times.length * share)] ?? 0);
  return {
    sent: answers.length,
    ok,
    failed: answers.length - ok,
    outcomes: count(answers.map(({ outcome }) => outcome)),
    hosts: count(answers.flatMap(({ host }) => host ?? [])),
    p50: at(0.5),
    p99: at(0.99),
  };
}

function count(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
