import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { addressOf } from '../../../src/adapters/probe/connect-to.ts';
import { openProber } from '../../../src/adapters/probe/prober.ts';
import type { ProbeTarget } from '../../../src/core/probe.ts';
import { probesFor } from '../../../src/core/probe.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import type { LabBackends } from '../../lab/traffic/backends.ts';
import { startBackends } from '../../lab/traffic/backends.ts';
import { labCatalogue, labServices } from '../../lab/traffic/services.ts';

const HOST = 'wikikube-worker1001.eqiad.wmnet';
const K8S = { dc: 'eqiad', cluster: 'maps', service: 'kartotherian-k8s-ssl', host: HOST };
const PLAIN = { ...K8S, service: 'kartotherian' };

let run: RunDir;
let backends: LabBackends;

beforeAll(async () => {
  run = makeRunDir();
  backends = await startBackends(run, [HOST], labServices());
});

afterAll(async () => {
  await backends.process.stop();
  run.remove();
});

function targets(key = K8S): readonly ProbeTarget[] {
  return probesFor(labCatalogue(), key);
}

async function probe(
  asked: readonly ProbeTarget[],
  options: { readonly ca?: string; readonly connectTo?: readonly string[] } = {},
): Promise<readonly string[]> {
  const rules = (options.connectTo ?? backends.connectTo).map((text) => {
    const [, host = '', port, address = '', toPort] = /^(.+):(\d+)=(.+):(\d+)$/.exec(text) ?? [];
    return { host, port: Number(port), address, toPort: Number(toPort) };
  });
  const prober = openProber({
    connectTo: rules,
    ca: options.ca,
    timeoutMs: 400,
    mostTimeoutMs: 400,
    atOnce: 4,
    now: Date.now,
  });
  const results = await prober.probe(asked);
  return results.map(({ ok, text }) => `${ok ? 'ok' : 'BAD'} ${text.replace(/\d+ ms/, 'N ms')}`);
}

test('what is asked is what the catalogue has: host, path, TLS; swagger is the spec', () => {
  expect(targets()).toMatchObject([
    { port: 6543, tls: true, how: 'http', name: 'maps.wikimedia.org', path: '/osm-intl/6/23/24.png' },
  ]);
  expect(targets(PLAIN)).toMatchObject([
    { port: 6533, tls: false, name: 'kartotherian.discovery.wmnet', path: '/?spec', statuses: [200] },
  ]);
  expect(targets({ ...K8S, cluster: 'other' })).toEqual([]);
});

describe('a host', () => {
  const ca = (): string => readFileSync(backends.caFile, 'utf8');

  test.each([
    ['well', 'ok 200 in N ms'],
    ['503', 'BAD answered 503'],
    ['mute', 'BAD connection accepted, no answer in N ms'],
    ['slow:2000', 'BAD connection accepted, no answer in N ms'],
    ['dead', 'BAD connection refused'],
  ])('that is %s', async (what, expected) => {
    await backends.setSick(HOST, what);
    expect(await probe([...targets(), ...targets(PLAIN)], { ca: ca() })).toEqual([expected, expected]);
    await backends.setSick(HOST, 'well');
  });

  test('whose TLS fails, for all names or for the one that is asked for', async () => {
    for (const what of ['tls', 'tls:maps.wikimedia.org']) {
      await backends.setSick(HOST, what);
      const [said] = await probe(targets(), { ca: ca() });
      expect(said).toMatch(/^BAD /);
    }
    await backends.setSick(HOST, 'tls:upload.wikimedia.org');
    expect(await probe(targets(), { ca: ca() })).toEqual(['ok 200 in N ms']);
    await backends.setSick(HOST, 'well');
  });

  test('with a certificate for another name is refused, whoever signed it; one of another authority only where one is given', async () => {
    const wrong = targets().map((target) => ({ ...target, name: 'upload.wikimedia.org' }));
    expect((await probe(wrong))[0]).toMatch(/^BAD .*upload\.wikimedia\.org/);
    expect((await probe(wrong, { ca: ca() }))[0]).toMatch(/^BAD /);
    expect(await probe(targets())).toEqual(['ok 200 in N ms']);
    const [other] = (await import('node:tls')).rootCertificates;
    expect((await probe(targets(), { ca: other ?? '' }))[0]).toMatch(/^BAD /);
  });

  test('of which only a port is known is asked for a connection', async () => {
    const tcp = targets().map((target) => ({ ...target, how: 'tcp' as const }));
    expect(await probe(tcp, { ca: ca() })).toEqual(['ok connected in N ms']);
    await backends.setSick(HOST, 'dead');
    expect(await probe(tcp, { ca: ca() })).toEqual(['BAD connection refused']);
    await backends.setSick(HOST, 'well');
  });

  test('answers with a status that the catalogue does not want', async () => {
    const teapot = targets().map((target) => ({ ...target, statuses: [418] }));
    expect(await probe(teapot)).toEqual(['BAD answered 200']);
  });

  test('whose name does not resolve', async () => {
    const unknown = targets().map((target) => ({ ...target, key: { ...K8S, host: 'nobody.invalid' } }));
    expect((await probe(unknown, { connectTo: [] }))[0]).toMatch(
      /^BAD (?:its name does not resolve|no connection|.*EAI_AGAIN)/,
    );
  });
});

test('where a connection goes: the first rule that fits', () => {
  const rule = (host: string, toPort: number): Parameters<typeof addressOf>[0][number] => ({
    host,
    port: 443,
    address: '127.0.0.1',
    toPort,
  });
  const rules = [rule('a.eqiad.wmnet', 1), rule('*.codfw.wmnet', 2), { ...rule('*', 3), port: 80 }];
  expect(addressOf(rules, 'a.eqiad.wmnet', 443)).toEqual({ address: '127.0.0.1', port: 1 });
  expect(addressOf(rules, 'b.codfw.wmnet', 443)).toEqual({ address: '127.0.0.1', port: 2 });
  expect(addressOf(rules, 'b.eqiad.wmnet', 80)).toEqual({ address: '127.0.0.1', port: 3 });
  expect(addressOf(rules, 'b.eqiad.wmnet', 443)).toEqual({ address: 'b.eqiad.wmnet', port: 443 });
});
