import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Weight } from '../../../src/core/arguments.ts';
import type { WriteView } from '../../../src/core/guard-rails.ts';
import { guardWrite } from '../../../src/core/guard-rails.ts';
import type { NodeKey, NodeState, Pool, Pooled } from '../../../src/core/node.ts';
import { nodePath, stateText } from '../../../src/core/node.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { key, node, ORIGIN, pool, state } from '../../core/build.ts';
import { ensureConfctl, runConfctl } from '../../lab/confctl.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { putValue, startEtcd } from '../../lab/etcd.ts';
import { readEtcdValue } from '../../lab/etcd-read.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { nodeOf, valueOf } from './contract.ts';
import { openDriver } from './open-driver.ts';

/** Of sequences; each write of confctl takes the time in which Python starts. */
const RUNS = 15;
const MOST_WRITES = 8;
const MOST_MS = 75_000;

const POOLED: readonly Pooled[] = ['yes', 'no', 'inactive'];
const POOLS = '/conftool/v1/pools';
const KEYS: readonly NodeKey[] = ['tiles', 'tiles-ssl'].flatMap((service) =>
  ['maps1', 'maps2', 'maps3', 'maps4'].map((host) => ({ dc: 'eqiad', cluster: 'maps', service, host })),
);
/** As confctl leaves an object, as a hand may, and as other tools do. */
const TEXTS = [
  '{"weight": 10, "pooled": "yes"}',
  '{"weight": 0, "pooled": "inactive"}',
  '{"pooled":"no","weight":3}',
  '{"note": "caf\u00e9 \u20ac", "pooled": "yes", "2": [1.0, 1e16], "weight": 3}',
  '{"pooled": "no"}',
];

let runDir: RunDir;
let ours: LabEtcd;
let theirs: LabEtcd;
let native: Conftool;

beforeAll(async () => {
  runDir = makeRunDir();
  [ours, theirs] = await Promise.all([startEtcd(runDir), startEtcd(runDir), ensureConfctl()]);
  native = openDriver(ours.url);
}, 180_000);

afterAll(async () => {
  await native.close();
  await Promise.all([ours.process.stop(), theirs.process.stop()]);
  runDir.remove();
});

interface Write {
  readonly key: NodeKey;
  readonly set: Partial<NodeState>;
}

const anyPooled = fc.constantFrom(...POOLED);
const anyWeight = fc.oneof(fc.constantFrom(0, 1, 10, 65_535), fc.nat({ max: 70_000 }));
const anySet: fc.Arbitrary<Partial<NodeState>> = fc.oneof(
  fc.record({ pooled: anyPooled }),
  fc.record({ weight: anyWeight }),
  fc.record({ pooled: anyPooled, weight: anyWeight }),
);
const anyWrite: fc.Arbitrary<Write> = fc.record({ key: fc.constantFrom(...KEYS), set: anySet });

test(
  'whatever is written in whatever order, the native driver and confctl leave the same bytes',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(...KEYS.map(() => fc.constantFrom(...TEXTS))),
        fc.array(anyWrite, { minLength: 1, maxLength: MOST_WRITES }),
        async (texts, writes) => {
          const start = KEYS.map((one, index): [NodeKey, string] => [one, texts[index] ?? '']);
          for (const [one, text] of start)
            for (const { url } of [ours, theirs])
              await putValue(`${url}/v2/keys${POOLS}/${nodePath(one)}`, text);
          for (const write of writes) {
            await writeNatively(write);
            await writeByConfctl(write);
          }
          expect(await treeOf(ours)).toEqual(await treeOf(theirs));
        },
      ),
      // One failure is enough: to make it small would cost more than to read it.
      {
        numRuns: RUNS,
        endOnFailure: true,
        interruptAfterTimeLimit: MOST_MS,
        markInterruptAsFailure: false,
      },
    );
  },
  MOST_MS + 15_000,
);

async function writeNatively({ key: at, set }: Write): Promise<void> {
  valueOf(await native.write(await nodeOf(native, at), set, ORIGIN));
}

async function writeByConfctl({ key: at, set }: Write): Promise<void> {
  const fields = Object.entries(set).map(([name, value]) => `${name}=${String(value)}`);
  await confctl(at, `set/${fields.join(':')}`);
}

async function confctl({ dc, cluster, service, host }: NodeKey, action: string): Promise<void> {
  const tags = `dc=${dc},cluster=${cluster},service=${service}`;
  const ran = await runConfctl(theirs.url, ['tags', tags, '--action', action, host]);
  expect(ran).toMatchObject({ code: 0 });
}

/** Every key below `/conftool`, directories included, with its text. */
async function treeOf({ url }: LabEtcd): Promise<ReadonlyMap<string, string | undefined>> {
  const response = await fetch(`${url}/v2/keys/conftool?recursive=true&sorted=true&quorum=true`);
  return new Map(leavesOf(((await response.json()) as { node: Leaf }).node));
}

interface Leaf {
  readonly key: string;
  readonly value?: string;
  readonly nodes?: readonly Leaf[];
}

function leavesOf({ key: path, value, nodes = [] }: Leaf): [string, string | undefined][] {
  return [[path, value], ...nodes.flatMap(leavesOf)];
}

/** Changes of one object that confctl makes without a word and Sluice refuses, whatever the rest of the pool looks like. */
const ACCEPTED_BY_CONFCTL_ONLY: readonly {
  readonly what: string;
  readonly why: string;
  readonly kind: 'weight-zero' | 'step-illegal';
  readonly is: (from: NodeState, to: NodeState) => boolean;
}[] = [
  {
    what: 'pooled with weight 0',
    why: 'load balancers take 0 for 1, so it is no drain, and nobody knows what share it gets',
    kind: 'weight-zero',
    is: (_from, to) => to.pooled === 'yes' && to.weight === 0,
  },
  {
    what: 'inactive to yes in one write',
    why: 'it would serve before its first health check: it goes over no',
    kind: 'step-illegal',
    is: (from, to) => from.pooled === 'inactive' && to.pooled === 'yes' && to.weight !== 0,
  },
  {
    what: 'yes to inactive in one write',
    why: 'it would vanish from the load balancer while it serves: it goes over no',
    kind: 'step-illegal',
    is: (from, to) => from.pooled === 'yes' && to.pooled === 'inactive',
  },
];

/** Weights that confctl stores as told, or as Python reads them, and that nobody can type to Sluice: load balancers take 1 to 65535. */
const WEIGHTS_OF_CONFCTL_ONLY: readonly (readonly [typed: string, stored: number, why: string])[] = [
  ['0', 0, 'the weight of one that never served; to drain is to depool'],
  ['-3', -3, 'no load balancer knows what that is'],
  ['65536', 65_536, 'more than IPVS can hold'],
  ['70000', 70_000, 'more than IPVS can hold'],
  ['1_0', 10, 'Python reads it as 10, people do not'],
];

describe('what confctl accepts and Sluice does not', () => {
  const [maps1] = KEYS as readonly [NodeKey, ...NodeKey[]];
  const at = `${POOLS}/${nodePath(maps1)}`;
  const put = (text: string): Promise<void> => putValue(`${theirs.url}/v2/keys${at}`, text);

  test.each([
    ['yes/10', 'yes/0'],
    ['no/10', 'yes/0'],
    ['inactive/0', 'yes/0'],
    ['inactive/0', 'yes/5'],
    ['yes/10', 'inactive/10'],
  ])('confctl goes from %s to %s', async (from, to) => {
    expect(ACCEPTED_BY_CONFCTL_ONLY.some(({ is }) => is(state(from), state(to)))).toBe(true);
    await put(node('maps1', from).text);
    await writeByConfctl({ key: maps1, set: state(to) });
    expect(await readEtcdValue(theirs.url, at)).toBe(node('maps1', to).text);
  });

  test('the guard rails refuse exactly those, of all changes between the states of an object', () => {
    const weights = [0, 1, 10, 65_535];
    const states = POOLED.flatMap((pooled) => weights.map((weight): NodeState => ({ pooled, weight })));
    const refused: string[] = [];
    const expected: string[] = [];
    for (const from of states) {
      for (const to of states) {
        const change = `${stateText(from)} -> ${stateText(to)}`;
        const fault = guardWrite(key('a'), to, roomyView(from));
        if (fault !== undefined) refused.push(`${change}: ${fault.kind}`);
        const row = ACCEPTED_BY_CONFCTL_ONLY.find(({ is }) => is(from, to));
        // What stays as it is is no write at all; only the weight is looked at before that is known.
        const isChange = stateText(from) !== stateText(to) || row?.kind === 'weight-zero';
        if (row !== undefined && isChange) expected.push(`${change}: ${row.kind}`);
      }
    }
    expect(refused).toEqual(expected);
    expect(refused.length).toBeGreaterThan(0);
  });

  test.each(WEIGHTS_OF_CONFCTL_ONLY)(
    'confctl takes the weight %s, and people cannot type it',
    async (typed, stored) => {
      await put('{"weight": 10, "pooled": "no"}');
      await confctl(maps1, `set/weight=${typed}`);
      expect(await readEtcdValue(theirs.url, at)).toBe(`{"weight": ${String(stored)}, "pooled": "no"}`);
      expect(Weight.safeParse(typed).success).toBe(false);
    },
  );

  test.each(['1', '10', '65535'])('both take the weight %s', async (typed) => {
    await put('{"weight": 7, "pooled": "no"}');
    await confctl(maps1, `set/weight=${typed}`);
    expect(await readEtcdValue(theirs.url, at)).toBe(`{"weight": ${typed}, "pooled": "no"}`);
    expect(Weight.parse(typed)).toBe(Number(typed));
  });
});

/** A pool of so many hosts that nothing but the change itself can be refused. */
function roomyView(from: NodeState): WriteView {
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`b${String(index)}`, 'yes/65535']),
  );
  const roomy: Pool = pool({ a: stateText(from), ...many });
  return {
    pool: roomy,
    threshold: 0.5,
    removed: [],
    maxShareRemoved: 100,
    scope: [{ cluster: 'maps' }],
    balanced: undefined,
    overrides: [],
  };
}
