import { afterEach, expect, test } from '@jest/globals';
import { openPrometheus } from '../../../src/adapters/prometheus/metrics.ts';
import { rpsOf } from '../../../src/core/observed.ts';
import type { TestServer } from './http-server.ts';
import { serve } from './http-server.ts';

let server: TestServer | undefined;

afterEach(() => server?.close());

async function ask(
  body: unknown,
  status = 200,
): Promise<{ readonly asked: string; readonly result: unknown }> {
  let asked = '';
  server = await serve((request, response) => {
    asked = request.url ?? '';
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const servers = { eqiad: { url: `${server.url}/ops/`, requests: 'sum by (host) (x)' } };
  const metrics = openPrometheus({ servers, timeoutMs: 300 });
  expect(await metrics.requests('codfw')).toBeUndefined();
  return { result: await metrics.requests('eqiad'), asked };
}

const sample = (metric: object, value: string): object => ({ metric, value: [1700000000.5, value] });

test('asks the query as it is, and reads hosts, services and rates', async () => {
  const result = [
    sample({ host: 'a', service: 's' }, '12.5'),
    sample({ host: 'b' }, '0'),
    sample({ job: 'nobody' }, '7'),
    sample({ host: 'c' }, 'NaN'),
  ];
  const { asked, result: answer } = await ask({ status: 'success', data: { resultType: 'vector', result } });
  expect(asked).toBe('/ops/api/v1/query?query=sum+by+%28host%29+%28x%29');
  expect(answer).toEqual({
    ok: true,
    value: {
      source: 'Prometheus',
      at: 1700000000500,
      hosts: [
        { host: 'a', service: 's', rps: 12.5 },
        { host: 'b', service: undefined, rps: 0 },
      ],
    },
  });
});

test('without a sample it does not say when', async () => {
  const { result } = await ask({ data: { resultType: 'vector', result: [] } });
  expect(result).toEqual({ ok: true, value: { source: 'Prometheus', at: undefined, hosts: [] } });
});

test.each([
  ['an error', { status: 'error' }, 400],
  ['another type', { data: { resultType: 'scalar', result: [1, '2'] } }, 200],
  ['no JSON', 'hello', 200],
])('%s is a fault of the metrics', async (_what, body, status) => {
  const { result } = await ask(body, status);
  expect(result).toMatchObject({ ok: false, fault: { kind: 'metrics-silent', dc: 'eqiad' } });
});

test('a host is known short or in full, of its service or of all', () => {
  const hosts = [
    { host: 'a', service: 's', rps: 2 },
    { host: 'a.eqiad.wmnet', service: undefined, rps: 3 },
    { host: 'a', service: 't', rps: 4 },
  ];
  const observed = { source: 'x', at: 0, hosts };
  expect(rpsOf(observed, { host: 'a.eqiad.wmnet', service: 's' })).toBe(5);
  expect(rpsOf(observed, { host: 'b.eqiad.wmnet', service: 's' })).toBeUndefined();
});

test('what was asked through the last day, sample by sample', async () => {
  let asked = new URL('http://nowhere/');
  server = await serve((request, response) => {
    asked = new URL(request.url ?? '', 'http://nowhere/');
    const result = [
      {
        metric: { host: 'a' },
        values: [
          [100, '1'],
          [400, '5'],
        ],
      },
      {
        metric: { host: 'b', service: 's' },
        values: [
          [400, '2'],
          [700, 'NaN'],
        ],
      },
    ];
    response.end(JSON.stringify({ data: { resultType: 'matrix', result } }));
  });
  const servers = { eqiad: { url: server.url, requests: 'x' } };
  const metrics = openPrometheus({ servers, timeoutMs: 300 });
  expect(await metrics.requestsSince('codfw', 86_400_000)).toBeUndefined();
  const result = await metrics.requestsSince('eqiad', 86_400_000);
  expect(asked.pathname).toBe('/api/v1/query_range');
  const [start, end] = ['start', 'end'].map((name) => Number(asked.searchParams.get(name)));
  expect((end ?? 0) - (start ?? 0)).toBeCloseTo(86_400, 0);
  expect(asked.searchParams.get('step')).toBe('300');
  expect(result).toEqual({
    ok: true,
    value: [
      { source: 'Prometheus', at: 100_000, hosts: [{ host: 'a', service: undefined, rps: 1 }] },
      {
        source: 'Prometheus',
        at: 400_000,
        hosts: [
          { host: 'a', service: undefined, rps: 5 },
          { host: 'b', service: 's', rps: 2 },
        ],
      },
    ],
  });
});

test('a past that cannot be read is a fault of the metrics', async () => {
  server = await serve((_request, response) => response.end('{"data":{"resultType":"vector","result":[]}}'));
  const metrics = openPrometheus({ servers: { eqiad: { url: server.url, requests: 'x' } }, timeoutMs: 300 });
  expect(await metrics.requestsSince('eqiad', 1000)).toMatchObject({
    ok: false,
    fault: { kind: 'metrics-silent' },
  });
});
