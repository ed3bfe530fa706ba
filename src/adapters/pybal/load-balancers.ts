import { z } from 'zod';
import type { BalancedPool, BalancerAnswer } from '../../core/balanced-pool.ts';
import type { PoolKey } from '../../core/node.ts';
import { readThrown } from '../../core/thrown.ts';
import type { LoadBalancers } from '../../ports/load-balancers.ts';

/** One load balancer: its name in messages, and where it answers. */
interface BalancerAddress {
  readonly name: string;
  /** `http://lvs1019:9090`. */
  readonly url: string;
}

/** What the adapter needs. Times in milliseconds. */
export interface PybalOptions {
  /** By data centre. */
  readonly balancers: Readonly<Record<string, readonly BalancerAddress[]>>;
  /** The catalogue services of a pool: `kartotherian-k8s-ssl_6543`, and whether every load balancer must know it. */
  readonly poolNames: (key: PoolKey) => readonly { readonly name: string; readonly isProduction: boolean }[];
  /** One question to one load balancer. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

const Hosts = z.record(
  z.string(),
  z.looseObject({ pooled: z.boolean(), weight: z.number(), up: z.boolean(), enabled: z.boolean() }),
);

/** `unknown`: the load balancer answers, and has no such pool. */
type Asked = BalancerAnswer | { readonly kind: 'unknown'; readonly balancer: string };

/** PyBal's instrumentation, `GET /pools/NAME`: what the load balancers do, in place of what they were told. */
export function openPybal(options: PybalOptions): LoadBalancers {
  const { balancers, poolNames } = options;
  return {
    configured: Object.values(balancers).some((list) => list.length > 0),
    pool: async (key) => {
      const list = balancers[key.dc] ?? [];
      const names = poolNames(key);
      if (list.length === 0 || names.length === 0) return undefined;
      const pools = await Promise.all(
        names.map(async ({ name, isProduction }) => {
          const asked = await Promise.all(list.map((balancer) => askForPool(options, balancer, name)));
          return poolOf(name, isProduction, asked);
        }),
      );
      const known = pools.filter((pool) => pool !== undefined);
      return known.length === 0 ? undefined : known;
    },
    silent: async () => {
      const all = Object.values(balancers).flat();
      const answers = await Promise.all(all.map((balancer) => ask(options, balancer, '/pools')));
      return answers.flatMap((answer, index) =>
        answer.kind === 'silent' ? [{ balancer: all[index]?.name ?? '', cause: answer.cause }] : [],
      );
    },
  };
}

/** One that does not have a pool says nothing about it; when none has one that is in production, nobody knows what is served. */
function poolOf(name: string, isProduction: boolean, asked: readonly Asked[]): BalancedPool | undefined {
  const answers = asked.filter((answer) => answer.kind !== 'unknown');
  if (answers.length > 0) return { name, answers };
  if (!isProduction) return undefined;
  const nobody = asked.map(({ balancer }): BalancerAnswer => ({
    kind: 'silent',
    balancer,
    at: 0,
    cause: `has no pool ${name}`,
  }));
  return { name, answers: nobody };
}

async function askForPool(options: PybalOptions, balancer: BalancerAddress, name: string): Promise<Asked> {
  const at = options.now();
  const answer = await ask(options, balancer, `/pools/${encodeURIComponent(name)}`);
  if (answer.kind === 'silent') return { ...answer, balancer: balancer.name, at };
  if (answer.status === 404) return { kind: 'unknown', balancer: balancer.name };
  const silent = (cause: string): BalancerAnswer => ({ kind: 'silent', balancer: balancer.name, at, cause });
  if (answer.status !== 200) return silent(`answered ${String(answer.status)}`);
  const hosts = Hosts.safeParse(parseJson(answer.body));
  if (!hosts.success) return silent('answered something that is no pool');
  return { kind: 'hosts', balancer: balancer.name, at, hosts: hosts.data };
}

async function ask(
  { timeoutMs }: PybalOptions,
  { url }: BalancerAddress,
  path: string,
): Promise<
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'silent'; readonly cause: string }
> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { kind: 'answer', status: response.status, body: await response.text() };
  } catch (error) {
    return { kind: 'silent', cause: causeOf(error, timeoutMs) };
  }
}

function causeOf(error: unknown, timeoutMs: number): string {
  const { name, code, message } = readThrown(error);
  if (name === 'TimeoutError') return `no answer in ${String(timeoutMs)} ms`;
  return code ?? message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
