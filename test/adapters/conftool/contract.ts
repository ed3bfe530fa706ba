import { describe, expect, test } from '@jest/globals';
import type { NodeKey, Pool, StoredNode } from '../../../src/core/node.ts';
import { recordKey, stateText, WEIGHTLESS } from '../../../src/core/node.ts';
import type { Result } from '../../../src/core/result.ts';
import type { Scope } from '../../../src/core/scope.ts';
import type { Conftool, ObjectChange } from '../../../src/ports/conftool.ts';
import { ORIGIN } from '../../core/build.ts';
import { waitUntil } from '../../lab/process.ts';

/** An empty store, Sluice's way into it, and the hands of somebody else. Paths are as `eqiad/maps/tiles/maps1` or `discovery/tiles/codfw`. */
export interface World {
  readonly conftool: Conftool;
  readonly set: (path: string, text: string) => Promise<void>;
  readonly delete: (path: string) => Promise<void>;
}

const YES = '{"weight": 10, "pooled": "yes"}';
const NO = '{"weight": 10, "pooled": "no"}';
const NEW = '{"weight": 0, "pooled": "inactive"}';
const SCOPE: Scope = [{ cluster: 'maps' }];
const TILES = { dc: 'eqiad', cluster: 'maps', service: 'tiles' };
const MAPS1: NodeKey = { ...TILES, host: 'maps1' };

/** What keeps a write from going over somebody else's: the index itself, or a look at it before; then it is only told afterwards. */
type Fence = 'index' | 'look';

/** What whoever implements the port must do: the same claims for the real store and for the one of the stage. */
export function claimConftool(
  openWorld: (scope: Scope) => Promise<World>,
  promises: { readonly fence: Fence },
): void {
  /** A store with these objects in it. */
  async function worldWith(objects: Readonly<Record<string, string>>): Promise<World> {
    const world = await openWorld(SCOPE);
    for (const [path, text] of Object.entries(objects)) await world.set(path, text);
    return world;
  }

  test('the pools of a service are read in every data centre and cluster, sorted', async () => {
    const { conftool } = await worldWith({
      'eqiad/web/tiles/web1': NEW,
      'eqiad/maps/tiles/maps2': NO,
      'eqiad/maps/tiles/maps10': YES,
      'eqiad/maps/tiles/maps1': YES,
      'eqiad/maps/other/maps1': YES,
      'codfw/maps/tiles/maps3': YES,
    });
    const pools = valueOf(await conftool.poolsOfService('tiles'));
    expect(pools.map(hostsOf)).toEqual([
      'codfw/maps/tiles: maps3 yes/10',
      'eqiad/maps/tiles: maps1 yes/10, maps10 yes/10, maps2 no/10',
      'eqiad/web/tiles: web1 inactive/0',
    ]);
    expect(valueOf(await conftool.poolsOfService('tiles'))).toEqual(pools);
  });

  test('all pools are sorted by data centre, then cluster, then service', async () => {
    const { conftool } = await worldWith({
      'eqiad/maps/tiles-ssl/maps1': YES,
      'eqiad/maps/tiles/maps1': YES,
      'eqiad-2/maps/tiles/maps1': YES,
      'codfw/web/page/web1': YES,
    });
    expect(valueOf(await conftool.allPools()).map(hostsOf)).toEqual([
      'codfw/web/page: web1 yes/10',
      'eqiad/maps/tiles: maps1 yes/10',
      'eqiad/maps/tiles-ssl: maps1 yes/10',
      'eqiad-2/maps/tiles: maps1 yes/10',
    ]);
  });

  test('a service that nobody has has no pools, until somebody makes one', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/other/maps1': YES });
    expect(valueOf(await conftool.poolsOfService('tiles'))).toEqual([]);
    await set('eqiad/maps/tiles/maps1', NEW);
    expect(valueOf(await conftool.poolsOfService('tiles')).map(hostsOf)).toEqual([
      'eqiad/maps/tiles: maps1 inactive/0',
    ]);
  });

  test('a pool that does not exist has no nodes', async () => {
    const { conftool } = await worldWith({});
    expect(valueOf(await conftool.pool(TILES))).toEqual({ ...TILES, nodes: [], malformed: [] });
    expect(valueOf(await conftool.allPools())).toEqual([]);
  });

  test('a pool stays, empty, when its last object is deleted', async () => {
    const world = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    await world.delete('eqiad/maps/tiles/maps1');
    const empty = { ...TILES, nodes: [], malformed: [] };
    expect(valueOf(await world.conftool.pool(TILES))).toEqual(empty);
    expect(valueOf(await world.conftool.allPools())).toEqual([empty]);
  });

  test('a pool is asked for by the key of one of its objects too', async () => {
    const { conftool } = await worldWith({ 'eqiad/maps/tiles/maps1': YES, 'eqiad/maps/tiles/maps2': NO });
    const pool = valueOf(await conftool.pool(MAPS1));
    expect(Object.keys(pool).sort()).toEqual(['cluster', 'dc', 'malformed', 'nodes', 'service']);
    expect(pool.nodes.map(({ key }) => key)).toEqual([MAPS1, { ...TILES, host: 'maps2' }]);
  });

  test('an object has its stored text and the index of its last change', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const before = await nodeOf(conftool, MAPS1);
    await set('eqiad/maps/tiles/maps1', '{"pooled":"no","weight":3}');
    const after = await nodeOf(conftool, MAPS1);
    expect(after.text).toBe('{"pooled":"no","weight":3}');
    expect(after.state).toEqual({ pooled: 'no', weight: 3 });
    expect(after.modifiedIndex).toBeGreaterThan(before.modifiedIndex);
  });

  test('a malformed object is told apart, and its neighbours are read and written', async () => {
    const { conftool } = await worldWith({
      'eqiad/maps/tiles/maps1': YES,
      'eqiad/maps/tiles/maps2': '{"weight": "5", "pooled": "yes"}',
      'eqiad/maps/tiles/maps3': '',
    });
    const pool = valueOf(await conftool.pool(TILES));
    expect(pool.malformed.map(({ key, text }) => [key.host, text])).toEqual([
      ['maps2', '{"weight": "5", "pooled": "yes"}'],
      ['maps3', ''],
    ]);
    expect(hostsOf(pool)).toBe('eqiad/maps/tiles: maps1 yes/10');
    expect((await conftool.write(await nodeOf(conftool, MAPS1), { pooled: 'no' }, ORIGIN)).ok).toBe(true);
  });

  test('a write is read back with the text and the index that it answered', async () => {
    const { conftool } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const before = await nodeOf(conftool, MAPS1);
    const written = valueOf(await conftool.write(before, { pooled: 'no' }, ORIGIN));
    expect(written.text).toBe(NO);
    expect(written.modifiedIndex).toBeGreaterThan(before.modifiedIndex);
    expect(await nodeOf(conftool, MAPS1)).toEqual({
      key: MAPS1,
      state: { pooled: 'no', weight: 10 },
      ...written,
    });
  });

  test('a write keeps the order and every field that it does not name', async () => {
    const text = '{"note":"caf\u00e9","pooled":"yes","2":[1.0],"weight":3}';
    const { conftool } = await worldWith({ 'eqiad/maps/tiles/maps1': text });
    const written = valueOf(await conftool.write(await nodeOf(conftool, MAPS1), { weight: 7 }, ORIGIN));
    expect(written.text).toBe('{"note": "caf\\u00e9", "pooled": "yes", "2": [1.0], "weight": 7}');
    expect((await nodeOf(conftool, MAPS1)).text).toBe(written.text);
  });

  test('a write over a stale read is refused with both indexes, and changes nothing', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    await set('eqiad/maps/tiles/maps1', NO);
    const now = await nodeOf(conftool, MAPS1);
    expect(await conftool.write(shown, { weight: 5 }, ORIGIN)).toEqual({
      ok: false,
      fault: {
        kind: 'compare-failed',
        key: MAPS1,
        expectedIndex: shown.modifiedIndex,
        foundIndex: now.modifiedIndex,
      },
    });
    expect(await nodeOf(conftool, MAPS1)).toEqual(now);
  });

  test('an identical rewrite by somebody else makes a read stale as well', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    await set('eqiad/maps/tiles/maps1', YES);
    expect(faultOf(await conftool.write(shown, { pooled: 'no' }, ORIGIN))).toMatchObject({
      kind: 'compare-failed',
    });
  });

  const seven = { index: 'seven are refused', look: 'seven are refused, or said not to be known' };
  test(`of eight writers at one index one writes and ${seven[promises.fence]}`, async () => {
    const { conftool } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    const weights = [1, 2, 3, 4, 5, 6, 7, 8];
    const answers = await Promise.all(weights.map((weight) => conftool.write(shown, { weight }, ORIGIN)));
    const first = valueOf(await conftool.firstChangeAfter(MAPS1, shown.modifiedIndex));
    const written = answers.filter(({ ok }) => ok).map((answer) => ({ kind: 'changed', ...valueOf(answer) }));
    // Somebody may have gone over the first before it looked; then it does not know either.
    expect(written).toEqual(promises.fence === 'look' && written.length === 0 ? [] : [first]);
    const refused = promises.fence === 'look' ? ['compare-failed', 'write-unknown'] : ['compare-failed'];
    for (const answer of answers) if (!answer.ok) expect(refused).toContain(answer.fault.kind);
  });

  test('a deleted object is absent, and is not made by a write', async () => {
    const { conftool, ...hands } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    await hands.delete('eqiad/maps/tiles/maps1');
    expect(await conftool.write(shown, { pooled: 'no' }, ORIGIN)).toEqual({
      ok: false,
      fault: { kind: 'object-absent', key: MAPS1 },
    });
    expect(valueOf(await conftool.pool(TILES)).nodes).toEqual([]);
  });

  test('an object that was deleted and made again is another one', async () => {
    const { conftool, set, ...hands } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    await hands.delete('eqiad/maps/tiles/maps1');
    await set('eqiad/maps/tiles/maps1', YES);
    expect(faultOf(await conftool.write(shown, { pooled: 'no' }, ORIGIN))).toMatchObject({
      kind: 'compare-failed',
    });
  });

  test('what is outside the scope is not written', async () => {
    const { conftool } = await worldWith({ 'eqiad/web/page/web1': YES });
    const key = { dc: 'eqiad', cluster: 'web', service: 'page', host: 'web1' };
    const shown = await nodeOf(conftool, key);
    expect(await conftool.write(shown, { pooled: 'no' }, ORIGIN)).toEqual({
      ok: false,
      fault: { kind: 'outside-scope', at: key, scope: 'cluster=maps' },
    });
    expect(await nodeOf(conftool, key)).toEqual(shown);
  });

  test('an object that nobody has changed has no first change', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    await set('eqiad/maps/tiles/maps10', NO);
    expect(await conftool.firstChangeAfter(MAPS1, modifiedIndex)).toEqual({
      ok: true,
      value: { kind: 'none' },
    });
  });

  test('of several changes the first after the index is told', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const shown = await nodeOf(conftool, MAPS1);
    const ours = valueOf(await conftool.write(shown, { pooled: 'no' }, ORIGIN));
    await set('eqiad/maps/tiles/maps1', NEW);
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, shown.modifiedIndex))).toEqual({
      kind: 'changed',
      ...ours,
    });
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, ours.modifiedIndex))).toMatchObject({
      kind: 'changed',
      text: NEW,
    });
  });

  test('a deletion is the first change, though the object has been made again', async () => {
    const { conftool, set, ...hands } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    await hands.delete('eqiad/maps/tiles/maps1');
    await set('eqiad/maps/tiles/maps1', NO);
    const first = valueOf(await conftool.firstChangeAfter(MAPS1, modifiedIndex));
    expect(first).toMatchObject({ kind: 'deleted' });
    if (first.kind !== 'deleted') return;
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, first.modifiedIndex))).toMatchObject({
      kind: 'changed',
      text: NO,
    });
  });

  test('what a thousand later events have pushed out is forgotten, and the next is not', async () => {
    const { conftool, set } = await worldWith({ 'eqiad/maps/tiles/maps1': YES });
    const { modifiedIndex } = await nodeOf(conftool, MAPS1);
    await set('eqiad/maps/tiles/maps1', NO);
    // With the one above: exactly as many as are kept.
    for (let event = 0; event < 999; event++) await set('eqiad/maps/tiles/maps2', NEW);
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, modifiedIndex))).toMatchObject({ text: NO });
    await set('eqiad/maps/tiles/maps2', NEW);
    expect(valueOf(await conftool.firstChangeAfter(MAPS1, modifiedIndex))).toEqual({ kind: 'forgotten' });
  });

  describe('DNS records', () => {
    const CODFW = { ...recordKey('discovery', 'tiles'), host: 'codfw' };
    const ON = '{"pooled": true, "references": [], "ttl": 300}';
    const OFF = '{"pooled": false, "references": [], "ttl": 300}';
    const records: Scope = [{ types: ['discovery', 'geodns'], dc: 'codfw' }];

    async function worldOfRecords(): Promise<World> {
      const world = await openWorld(records);
      await world.set('discovery/tiles/codfw', ON);
      await world.set('discovery/tiles/eqiad', ON);
      await world.set('geodns/text-addrs/codfw', '{"pooled": "yes", "weight": 100}');
      return world;
    }

    test('are read as pools of data centres, and are no pools of hosts', async () => {
      const { conftool } = await worldOfRecords();
      expect(
        valueOf(await conftool.records()).map(({ record, service, nodes }) => [
          record,
          service,
          nodes.map(({ key, state }) => `${key.host} ${stateText(state)}`),
        ]),
      ).toEqual([
        ['discovery', 'tiles', ['codfw yes', 'eqiad yes']],
        ['geodns', 'text-addrs', ['codfw yes/100']],
      ]);
      expect(valueOf(await conftool.pool(CODFW)).nodes.map(({ key }) => key.host)).toEqual([
        'codfw',
        'eqiad',
      ]);
      expect(valueOf(await conftool.pool(recordKey('discovery', 'nobody'))).nodes).toEqual([]);
      expect(valueOf(await conftool.allPools())).toEqual([]);
    });

    test('are written as conftool does it, over the index that was shown, inside their own scope', async () => {
      const { conftool } = await worldOfRecords();
      const node = await nodeOf(conftool, CODFW);
      expect(valueOf(await conftool.write(node, { pooled: 'no' }, ORIGIN)).text).toBe(OFF);
      expect(faultOf(await conftool.write(node, { pooled: 'yes' }, ORIGIN))).toMatchObject({
        kind: 'compare-failed',
      });
      expect(valueOf(await conftool.firstChangeAfter(CODFW, node.modifiedIndex))).toMatchObject({
        text: OFF,
      });
      const geo = await nodeOf(conftool, { ...recordKey('geodns', 'text-addrs'), host: 'codfw' });
      expect(valueOf(await conftool.write(geo, { pooled: 'no' }, ORIGIN)).text).toBe(
        '{"pooled": "no", "weight": 100}',
      );
      const eqiad = await nodeOf(conftool, { ...CODFW, host: 'eqiad' });
      expect(faultOf(await conftool.write(eqiad, { pooled: 'no' }, ORIGIN))).toMatchObject({
        kind: 'outside-scope',
      });
    });

    test('that are malformed are told apart', async () => {
      const { conftool, set } = await worldOfRecords();
      await set('discovery/tiles/codfw', '{"pooled": "yes"}');
      await set('geodns/text-addrs/codfw', '{"weight": 100}');
      expect(
        valueOf(await conftool.records()).map(({ malformed }) => malformed.map(({ why }) => why)),
      ).toEqual([['pooled is not true or false'], ['pooled or weight is missing']]);
    });
  });

  test('the watch tells of every change by anybody, with before and after', async () => {
    const world = await worldWith({ 'eqiad/maps/tiles/maps1': YES, 'eqiad/maps/tiles/maps2': YES });
    const { conftool, set } = world;
    const heard: ObjectChange[] = [];
    const watch = conftool.watch((changes) => heard.push(...changes));
    // It follows from when it has read everything once: until then a change is part of what it finds.
    await waitUntil('the watch follows', async () => {
      await set(
        'eqiad/maps/tiles/maps9',
        heard.length % 2 === 0 ? `{"weight": ${String(Date.now() % 1000)}, "pooled": "no"}` : NO,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      return heard.length > 0;
    });
    heard.length = 0;
    const node = await nodeOf(conftool, MAPS1);
    const { modifiedIndex } = valueOf(await conftool.write(node, { pooled: 'no' }, ORIGIN));
    await set('eqiad/maps/tiles/maps1', NO);
    await set('discovery/tiles/codfw', '{"pooled": true, "references": [], "ttl": 300}');
    await world.delete('eqiad/maps/tiles/maps2');
    await waitUntil('all is heard', () => heard.filter(({ key }) => key.host !== 'maps9').length >= 3);
    watch.close();
    const told = heard.filter(({ key }) => key.host !== 'maps9');
    expect(told).toMatchObject([
      { key: MAPS1, before: { pooled: 'yes' }, after: { pooled: 'no' }, modifiedIndex, isLate: false },
      { key: { record: 'discovery', host: 'codfw' }, after: { pooled: 'yes', weight: WEIGHTLESS } },
      { key: { ...TILES, host: 'maps2' }, before: { pooled: 'yes', weight: 10 } },
    ]);
    // The same text again is no change for anybody, and what is gone is nothing.
    expect(told).toHaveLength(3);
    expect([told[1]?.before, told[2]?.after]).toEqual([undefined, undefined]);
  });

  test('a store that can be read answers a ping', async () => {
    const { conftool } = await worldWith({});
    expect(await conftool.ping()).toEqual({ ok: true, value: undefined });
  });
}

/** The value of a success. @throws with the fault. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

/** The fault of a failure; undefined of a success. */
export function faultOf(result: Result<unknown>): unknown {
  return result.ok ? undefined : result.fault;
}

/** One object, as read now. @throws when it is not there. */
export async function nodeOf(conftool: Conftool, key: NodeKey): Promise<StoredNode> {
  const node = valueOf(await conftool.pool(key)).nodes.find((one) => one.key.host === key.host);
  if (node === undefined) throw new Error(`no ${key.host}`);
  return node;
}

function hostsOf({ dc, cluster, service, nodes }: Pool): string {
  const hosts = nodes.map(({ key, state }) => `${key.host} ${state.pooled}/${String(state.weight)}`);
  return `${dc}/${cluster}/${service}: ${hosts.join(', ')}`;
}
