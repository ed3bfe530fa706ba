import { afterEach, expect, test } from '@jest/globals';
import { openPybal } from '../../../src/adapters/pybal/load-balancers.ts';
import type { LoadBalancers } from '../../../src/ports/load-balancers.ts';
import type { TestServer } from './http-server.ts';
import { serve } from './http-server.ts';

const KEY = { dc: 'eqiad', cluster: 'maps', service: 'kartotherian-ssl' };
const UP = { pooled: true, weight: 10, up: true, enabled: true };
const servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** What a balancer says of each path: a value, a status, or nothing at all. */
type Script = Readonly<Record<string, unknown>>;

async function open(scripts: Readonly<Record<string, Script>>, isProduction = true): Promise<LoadBalancers> {
  const balancers = await Promise.all(
    Object.entries(scripts).map(async ([name, script]) => {
      const server = await serve((request, response) => {
        const said = script[request.url ?? ''];
        if (said === 'silence') return;
        if (typeof said === 'number') response.writeHead(said).end();
        else if (said === undefined) response.writeHead(404).end();
        else response.end(typeof said === 'string' ? said : JSON.stringify(said));
      });
      servers.push(server);
      return { name, url: `${server.url}/` };
    }),
  );
  return openPybal({
    balancers: { eqiad: balancers },
    poolNames: ({ service }) => [{ name: `${service}_443`, isProduction }],
    timeoutMs: 200,
    now: () => 1000,
  });
}

const POOL = '/pools/kartotherian-ssl_443';
const hosts = (balancer: string): object => ({ kind: 'hosts', balancer, at: 1000, hosts: { a: UP } });

test('every load balancer of the data centre is asked, by the catalogue name and port', async () => {
  const lb = await open({ lvs1019: { [POOL]: { a: UP } }, lvs1020: { [POOL]: { a: UP, more: UP } } });
  const pools = await lb.pool(KEY);
  expect(pools).toMatchObject([
    { name: 'kartotherian-ssl_443', answers: [hosts('lvs1019'), { balancer: 'lvs1020', kind: 'hosts' }] },
  ]);
});

test('one that does not have the pool says nothing about it', async () => {
  const lb = await open({ lvs1019: { [POOL]: { a: UP } }, lvs1017: {} });
  expect(await lb.pool(KEY)).toEqual([{ name: 'kartotherian-ssl_443', answers: [hosts('lvs1019')] }]);
});

test('when none has the pool of a production service, nobody knows what is served; of another one nobody has to', async () => {
  const lb = await open({ lvs1019: {} });
  expect(await lb.pool(KEY)).toMatchObject([
    { answers: [{ kind: 'silent', balancer: 'lvs1019', cause: 'has no pool kartotherian-ssl_443' }] },
  ]);
  expect(await (await open({ lvs1019: {} }, false)).pool(KEY)).toBeUndefined();
});

test.each([
  ['that does not answer', 'silence', /no answer in 200 ms/],
  ['with an error', 500, /answered 500/],
  ['with no JSON', 'hello', /no pool/],
  ['with other fields', { a: { up: 'yes' } }, /no pool/],
])('one %s is silent, and says why', async (_what, said, cause) => {
  const lb = await open({ lvs1019: { [POOL]: said } });
  expect(await lb.pool(KEY)).toMatchObject([
    { answers: [{ kind: 'silent', cause: expect.stringMatching(cause) as unknown }] },
  ]);
});

test('one that is not there is silent, also for health', async () => {
  const lb = await open({ lvs1019: { [POOL]: { a: UP }, '/pools': [] } });
  expect(await lb.silent()).toEqual([]);
  await servers[0]?.close();
  expect(await lb.pool(KEY)).toMatchObject([{ answers: [{ kind: 'silent', cause: 'ECONNREFUSED' }] }]);
  expect(await lb.silent()).toEqual([{ balancer: 'lvs1019', cause: 'ECONNREFUSED' }]);
});

test('a data centre without load balancers is not known about', async () => {
  const lb = await open({ lvs1019: { [POOL]: { a: UP } } });
  expect(await lb.pool({ ...KEY, dc: 'codfw' })).toBeUndefined();
});
