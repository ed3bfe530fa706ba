import { z } from 'zod';
import type { Fault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { readThrown } from '../../core/thrown.ts';
import type { Observed } from '../../core/observed.ts';
import type { Metrics } from '../../ports/metrics.ts';

/** What the adapter needs. Times in milliseconds. */
export interface PrometheusOptions {
  /** By data centre: where it answers (`http://prometheus-eqiad/ops`), and what gives requests per second with a label `host`. */
  readonly servers: Readonly<Record<string, { readonly url: string; readonly requests: string }>>;
  readonly timeoutMs: number;
}

const Answer = z.looseObject({
  data: z.looseObject({
    resultType: z.literal('vector'),
    result: z.array(
      z.looseObject({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

/** Prometheus' instant query. Samples without a label `host` are passed over; so are those that are no number, which is what dividing by nothing gives. */
export function openPrometheus({ servers, timeoutMs }: PrometheusOptions): Metrics {
  return {
    requests: async (dc) => {
      const server = servers[dc];
      if (server === undefined) return undefined;
      const url = new URL(`${server.url.replace(/\/$/, '')}/api/v1/query`);
      url.searchParams.set('query', server.requests);
      try {
        const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
        if (!response.ok) return silent(dc, `answered ${String(response.status)}`);
        return readAnswer(dc, await response.json());
      } catch (error) {
        return silent(dc, readThrown(error).message);
      }
    },
  };
}

function readAnswer(dc: string, body: unknown): Result<Observed> {
  const answer = Answer.safeParse(body);
  if (!answer.success) return silent(dc, 'answered something that is no vector');
  const samples = answer.data.data.result;
  const hosts = samples.flatMap(({ metric, value }) => {
    const rps = Number(value[1]);
    const host = metric['host'];
    return host === undefined || Number.isNaN(rps) ? [] : [{ host, service: metric['service'], rps }];
  });
  const at = samples.length === 0 ? undefined : Math.max(...samples.map(({ value }) => value[0] * 1000));
  return ok({ source: 'Prometheus', at, hosts });
}

function silent(dc: string, cause: string): Result<Observed> {
  const fault: Fault = { kind: 'metrics-silent', dc, cause };
  return fail(fault);
}
