import { wordFault } from '../../core/announcement/fault-words.ts';
import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import type { Fault } from '../../core/fault.ts';
import type { Pool, StoredNode } from '../../core/node.ts';
import { nodePath } from '../../core/node.ts';
import type { Scope } from '../../core/scope.ts';
import { insideScope, scopeText } from '../../core/scope.ts';
import type { EndpointOptions } from './endpoints.ts';
import { Endpoints } from './endpoints.ts';
import { EtcdV2 } from './etcd-v2.ts';
import { openNativeConftool } from './native.ts';

/** Where to look, and what Sluice is told that it may write. */
export interface ExamineConftoolOptions extends EndpointOptions {
  readonly namespace: string;
  readonly apiVersion: string;
  readonly scope: Scope;
  readonly timeoutMs: number;
}

/** What a write came to that could not change anything. */
type Trial = { readonly kind: 'allowed' | 'denied' } | { readonly kind: 'failed'; readonly text: string };

/** Clusters outside of the scope that are tried: enough to find a password that is too mighty. */
const OUTSIDE_MOST = 10;
const etcd = linesOf('etcd');

/**
 * Looks whether etcd answers, whether Sluice may write what its scope says, and whether its password could write more.
 *
 * Nothing is changed: each trial writes the value that is there, on the condition of an index that the object had
 * before, and that it can never have again. etcd refuses that with 412 for whoever may write, and with 401 or 403 else.
 */
export async function examineConftool(options: ExamineConftoolOptions): Promise<readonly DoctorLine[]> {
  const { scope, timeoutMs } = options;
  const conftool = openNativeConftool({
    ...options,
    readTimeoutMs: timeoutMs,
    writeTimeoutMs: timeoutMs,
    eventTimeoutMs: timeoutMs,
    now: () => 0,
  });
  const raw = new EtcdV2(new Endpoints(options), options.credentials?.username);
  try {
    const pools = await conftool.allPools();
    if (!pools.ok) return [etcd.fail(reasonOf(pools.fault))];
    const root = `${options.namespace}/${options.apiVersion}/pools`;
    const objects = pools.value.reduce((sum, { nodes }) => sum + nodes.length, 0);
    if (objects === 0) return [etcd.fail(`nothing at ${root}: are namespace and apiVersion right?`)];
    const attempt = (node: StoredNode): Promise<Trial> => tryWrite(raw, root, node, timeoutMs);
    return [
      etcd.ok(`v2 API answers: ${String(objects)} objects in ${String(pools.value.length)} pools at ${root}`),
      ...(await examineInside(
        pools.value.filter((pool) => insideScope(scope, pool)),
        scope,
        attempt,
      )),
      ...(await examineOutside(
        pools.value.filter((pool) => !insideScope(scope, pool)),
        attempt,
      )),
    ];
  } finally {
    await conftool.close();
    raw.close();
  }
}

async function examineInside(
  pools: readonly Pool[],
  scope: Scope,
  attempt: (node: StoredNode) => Promise<Trial>,
): Promise<readonly DoctorLine[]> {
  if (scope.length === 0) return [etcd.warn('conftool.scope is empty: Sluice may write nothing')];
  const samples = oneOfEachCluster(pools);
  if (samples.length === 0) return [etcd.warn(`no object is inside the scope ${scopeText(scope)}`)];
  const trials = await Promise.all(
    samples.map(async ({ cluster, node }) => ({ cluster, trial: await attempt(node) })),
  );
  const clusters = (kind: Trial['kind']): string =>
    trials
      .filter(({ trial }) => trial.kind === kind)
      .map(({ cluster }) => cluster)
      .join(', ');
  const [allowed, denied] = [clusters('allowed'), clusters('denied')];
  return [
    ...(allowed === '' ? [] : [etcd.ok(`may write inside the scope: ${allowed}`)]),
    ...(denied === ''
      ? []
      : [
          etcd.fail(
            `may not write inside the scope: ${denied}. Look at credentials, and whether this side takes writes`,
          ),
        ]),
    ...trials.flatMap(({ cluster, trial }) =>
      trial.kind === 'failed'
        ? [etcd.fail(`cannot tell whether ${cluster} may be written: ${trial.text}`)]
        : [],
    ),
  ];
}

async function examineOutside(
  pools: readonly Pool[],
  attempt: (node: StoredNode) => Promise<Trial>,
): Promise<readonly DoctorLine[]> {
  const samples = oneOfEachCluster(pools).slice(0, OUTSIDE_MOST);
  if (samples.length === 0) return [etcd.ok('no object is outside the scope')];
  const trials = await Promise.all(
    samples.map(async ({ cluster, node }) => ({ cluster, trial: await attempt(node) })),
  );
  const open = trials.filter(({ trial }) => trial.kind !== 'denied').map(({ cluster }) => cluster);
  if (open.length === 0) return [etcd.ok('credentials may not write outside the scope')];
  return [
    etcd.warn(
      `credentials may write outside the scope: ${open.join(', ')}. Sluice will not, but its password could`,
    ),
  ];
}

/** etcd's rights are given per data centre and cluster: one object of each is asked about. */
function oneOfEachCluster(
  pools: readonly Pool[],
): readonly { readonly cluster: string; readonly node: StoredNode }[] {
  const samples = new Map<string, StoredNode>();
  for (const { dc, cluster, nodes } of pools) {
    const [node] = nodes;
    if (node !== undefined && !samples.has(`${dc}/${cluster}`)) samples.set(`${dc}/${cluster}`, node);
  }
  return [...samples].map(([cluster, node]) => ({ cluster, node }));
}

async function tryWrite(raw: EtcdV2, root: string, node: StoredNode, timeoutMs: number): Promise<Trial> {
  // Indexes only grow: one below the present is over for ever. 0 would mean "no condition".
  const prevIndex = node.modifiedIndex - 1;
  if (prevIndex < 1) return { kind: 'failed', text: 'its object has the first index of all' };
  const answer = await raw.swap(`${root}/${nodePath(node.key)}`, { value: node.text, prevIndex, timeoutMs });
  if (answer.ok) {
    const { kind } = answer.value;
    return kind === 'compare-failed'
      ? { kind: 'allowed' }
      : { kind: 'failed', text: `etcd answered ${kind}` };
  }
  const { fault } = answer;
  if (fault.kind === 'conftool-forbidden' || fault.kind === 'conftool-read-only') return { kind: 'denied' };
  return { kind: 'failed', text: fault.kind === 'unknown' ? fault.cause : reasonOf(fault) };
}

/** A fault with what the network or etcd said, which chat is spared but an operator needs. */
function reasonOf(fault: Fault): string {
  if (fault.kind === 'conftool-forbidden')
    return `${fault.user} may not read ${fault.path}: look at credentials`;
  const { text } = wordFault(fault);
  return 'cause' in fault ? `${text} (${fault.cause})` : text;
}
