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

const Range = z.looseObject({
  data: z.looseObject({
    resultType: z.literal('matrix'),
    result: z.array(
      z.looseObject({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** Between two samples of the past, in seconds: a peak that is shorter is not seen. */
const STEP_S = 300;

/** Prometheus' queries, instant and over a range. Samples without a label `host` are passed over; so are those that are no number, which is what dividing by nothing gives. */
export function openPrometheus({ servers, timeoutMs }: PrometheusOptions): Metrics {
  const ask = async (
    dc: string,
    path: string,
    words: Readonly<Record<string, string>>,
  ): Promise<Result<unknown> | undefined> => {
    const server = servers[dc];
    if (server === undefined) return undefined;
    const url = new URL(`${server.url.replace(/\/$/, '')}/api/v1/${path}`);
    for (const [name, value] of Object.entries({ query: server.requests, ...words }))
      url.searchParams.set(name, value);
    try {
      const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      if (!response.ok) return silent(dc, `answered ${String(response.status)}`);
      return ok(await response.json());
    } catch (error) {
      return silent(dc, readThrown(error).message);
    }
  };
  return {
    requests: async (dc) => {
      const answer = await ask(dc, 'query', {});
      return answer?.ok === true ? readAnswer(dc, answer.value) : answer;
    },
    requestsSince: async (dc, spanMs) => {
      const end = Date.now() / 1000;
      const range = { start: String(end - spanMs / 1000), end: String(end), step: String(STEP_S) };
      const answer = await ask(dc, 'query_range', range);
      return answer?.ok === true ? readRange(dc, answer.value) : answer;
    },
  };
}

/** Through time: the samples of each series are put together by their time. */
function readRange(dc: string, body: unknown): Result<readonly Observed[]> {
  const answer = Range.safeParse(body);
  if (!answer.success) return silent(dc, 'answered something that is no matrix');
  const times = new Map<number, Observed['hosts'][number][]>();
  for (const { metric, values } of answer.data.data.result) {
    for (const [time, value] of values) {
      const sample = hostOf(metric, value);
      if (sample === undefined) continue;
      const at = times.get(time) ?? [];
      at.push(sample);
      times.set(time, at);
    }
  }
  const observed = [...times].sort(([a], [b]) => a - b);
  return ok(observed.map(([time, hosts]) => ({ source: 'Prometheus', at: time * 1000, hosts })));
}

function hostOf(
  metric: Readonly<Record<string, string>>,
  value: string,
): Observed['hosts'][number] | undefined {
  const rps = Number(value);
  const host = metric['host'];
  return host === undefined || Number.isNaN(rps) ? undefined : { host, service: metric['service'], rps };
}

function readAnswer(dc: string, body: unknown): Result<Observed> {
  const answer = Answer.safeParse(body);
  if (!answer.success) return silent(dc, 'answered something that is no vector');
  const samples = answer.data.data.result;
  const hosts = samples.flatMap(({ metric, value }) => hostOf(metric, value[1]) ?? []);
  const at = samples.length === 0 ? undefined : Math.max(...samples.map(({ value }) => value[0] * 1000));
  return ok({ source: 'Prometheus', at, hosts });
}

function silent(dc: string, cause: string): Result<never> {
  const fault: Fault = { kind: 'metrics-silent', dc, cause };
  return fail(fault);
}
