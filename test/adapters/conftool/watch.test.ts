import { Agent } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Conftool, ObjectChange, Watch } from '../../../src/ports/conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { deleteKey, putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { Gateway } from './gateway.ts';
import { openGateway } from './gateway.ts';
import { openDriver } from './open-driver.ts';

const text = (weight: number): string => `{"weight": ${String(weight)}, "pooled": "yes"}`;

let runDir: RunDir;
let etcd: LabEtcd;
let gateway: Gateway;
let conftool: Conftool;
let watch: Watch;
let heard: ObjectChange[];
const agent = new Agent({ keepAlive: true, noDelay: true });

beforeEach(async () => {
  runDir = makeRunDir();
  etcd = await startEtcd(runDir);
  gateway = await openGateway(etcd.url);
  for (const host of ['maps1', 'maps2', 'maps3']) await put(host, 10);
  conftool = openDriver(gateway.url);
  heard = [];
  watch = conftool.watch((changes) => heard.push(...changes));
  await waitUntil('it waits for an event', () =>
    gateway.seen.some((request) => request.includes('wait=true')),
  );
});

afterEach(async () => {
  watch.close();
  await conftool.close();
  await gateway.close();
  await etcd.process.stop();
  runDir.remove();
});

function url(host: string): string {
  return `${etcd.url}/v2/keys/conftool/v1/pools/eqiad/maps/tiles/${host}`;
}

function put(host: string, weight: number): Promise<void> {
  return putValue(url(host), text(weight), agent);
}

/** `maps1 10 -> 7`, late ones with an exclamation mark. */
function told(): readonly string[] {
  return heard.map(
    ({ key, before, after, isLate }) =>
      `${key.host} ${String(before?.weight)} -> ${String(after?.weight)}${isLate ? '!' : ''}`,
  );
}

test('each change is told as it comes, the same text again is not', async () => {
  await put('maps1', 7);
  await put('maps1', 7);
  await put('maps1', 8);
  await waitUntil('both are heard', () => heard.length === 2);
  expect(told()).toEqual(['maps1 10 -> 7', 'maps1 7 -> 8']);
});

test('of many changes at once each is told, in order, by one question', async () => {
  const asked = gateway.seen.length;
  const weights = Array.from({ length: 200 }, (_, number) => 11 + number);
  for (const weight of weights) await put('maps1', weight);
  await waitUntil('all are heard', () => heard.length === weights.length);
  expect(told()).toEqual(weights.map((weight) => `maps1 ${String(weight - 1)} -> ${String(weight)}`));
  expect(gateway.seen.length - asked).toBe(0);
});

test('what changes while the watch begins is not lost', async () => {
  const late: string[] = [];
  const second = conftool.watch((changes) => {
    for (const { before, after } of changes)
      late.push(`${String(before?.weight)} -> ${String(after?.weight)}`);
  });
  for (let weight = 11; weight <= 60; weight++) await put('maps1', weight);
  await put('maps1', 99);
  await waitUntil('the last is heard', () => late.includes('60 -> 99'));
  second.close();
  // Each begins where the one before ended.
  const ends = late.map((change) => change.split(' -> '));
  expect(ends.slice(1).map(([before]) => before)).toEqual(ends.slice(0, -1).map(([, after]) => after));
});

test('what happened while etcd was away is found by comparing, and told as late', async () => {
  gateway.conduct = () => 'cut-before';
  gateway.cutAll();
  await put('maps1', 7);
  await waitUntil('it has asked in vain', () => gateway.seen.length > 4);
  await put('maps1', 8);
  await put('maps2', 9);
  await put('maps2', 10);
  await deleteKey(url('maps3'));
  await put('maps4', 3);
  heard.length = 0;
  gateway.conduct = () => 'pass';
  await waitUntil('the difference is heard', () => heard.length >= 3);
  // Of two writes of one host only the difference is left, of there and back nothing.
  expect(
    told()
      .filter((line) => line.endsWith('!'))
      .map((line) => line.replace(/^maps1 \d+ /, 'maps1 ? '))
      .sort(),
  ).toEqual(['maps1 ? -> 8!', 'maps3 10 -> undefined!', 'maps4 undefined -> 3!']);
  await put('maps2', 11);
  await waitUntil('it follows again', () => told().includes('maps2 10 -> 11'));
});

test('when the events since have been forgotten, everything is read again', async () => {
  gateway.conduct = (method) => (method === 'GET' ? { status: 503, body: 'maintenance' } : 'pass');
  gateway.cutAll();
  await put('maps1', 7);
  const other = `${etcd.url}/v2/keys/conftool/other`;
  for (let event = 0; event < 1005; event++) await putValue(other, String(event), agent);
  heard.length = 0;
  gateway.conduct = () => 'pass';
  await put('maps2', 5);
  await waitUntil('both are heard', () => told().some((line) => line.startsWith('maps2')));
  // With everything that was read again, or as it came after that.
  expect(told()).toContainEqual(expect.stringMatching(/^maps2 10 -> 5/));
});
