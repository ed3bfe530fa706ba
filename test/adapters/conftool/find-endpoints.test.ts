import { expect, test } from '@jest/globals';
import { findEndpoints } from '../../../src/adapters/conftool/find-endpoints.ts';

test('endpoints are tried by priority, and among equals by weight', async () => {
  const names: string[] = [];
  const found = await findEndpoints('eqiad.wmnet', (name) => {
    names.push(name);
    return Promise.resolve([
      { name: 'conf1009.eqiad.wmnet', port: 4001, priority: 1, weight: 1 },
      { name: 'conf1007.eqiad.wmnet.', port: 4001, priority: 0, weight: 1 },
      { name: 'conf1008.eqiad.wmnet', port: 4001, priority: 1, weight: 5 },
    ]);
  });
  expect(names).toEqual(['_etcd._tcp.eqiad.wmnet']);
  expect(found).toEqual({
    ok: true,
    value: [
      'https://conf1007.eqiad.wmnet:4001',
      'https://conf1008.eqiad.wmnet:4001',
      'https://conf1009.eqiad.wmnet:4001',
    ],
  });
});

test('a domain without records is a fault, with what DNS said', async () => {
  expect(await findEndpoints('x.test', () => Promise.resolve([]))).toMatchObject({
    fault: { kind: 'conftool-unreachable', endpoints: ['_etcd._tcp.x.test'], cause: 'no SRV record' },
  });
  expect(await findEndpoints('x.test', () => Promise.reject(new Error('ENOTFOUND')))).toMatchObject({
    fault: { cause: 'ENOTFOUND' },
  });
});
