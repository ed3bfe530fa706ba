import type { NodeKey, NodeState, Pool, StoredNode } from '../../src/core/node.ts';
import type { NodeOperation } from '../../src/core/operation.ts';
import type { NodePlan } from '../../src/core/node-plan.ts';
import { hashPlan, signRequest } from '../../src/core/signature.ts';
import { plannedSteps } from '../../src/core/progress.ts';
import type { WriteOrigin } from '../../src/core/write-origin.ts';

/** Values for core tests, small and by hand. */
export const KEY = 'a key for tests';

/** Somebody asks and somebody agrees. */
export const ORIGIN: WriteOrigin = { person: 'elukey', operation: 'k7f', approvers: ['jijiki'] };

/** `eqiad/maps/kartotherian-ssl/HOST`. */
export function key(host: string, service = 'kartotherian-ssl'): NodeKey {
  return { dc: 'eqiad', cluster: 'maps', service, host };
}

/** `yes/10` -> the state. */
export function state(text: string): NodeState {
  const [pooled, weight] = text.split('/');
  return { pooled: pooled as NodeState['pooled'], weight: Number(weight) };
}

/** An object as read at index 100. */
export function node(host: string, stateText: string, modifiedIndex = 100): StoredNode {
  const { pooled, weight } = state(stateText);
  return {
    key: key(host),
    state: { pooled, weight },
    text: `{"weight": ${String(weight)}, "pooled": "${pooled}"}`,
    modifiedIndex,
  };
}

/** A pool of `HOST: STATE`. */
export function pool(nodes: Readonly<Record<string, string>>): Pool {
  return {
    dc: 'eqiad',
    cluster: 'maps',
    service: 'kartotherian-ssl',
    nodes: Object.entries(nodes).map(([host, text]) => node(host, text)),
    malformed: [],
  };
}

/** A depool of one host. */
export function plan(host = 'maps1005'): NodePlan {
  const { state: before, text } = node(host, 'yes/10');
  const after = state('no/10');
  return {
    verb: 'depool',
    service: 'kartotherian-ssl',
    weight: undefined,
    changes: [{ key: key(host), before, beforeText: text, beforeIndex: 100, after, path: [after] }],
    alreadySo: [],
    effects: [],
    notes: [],
    undoes: undefined,
  };
}

/** A signed operation of elukey that waits for one approval. */
export function operation(changes: Partial<NodeOperation> = {}): NodeOperation {
  const thePlan = changes.plan ?? plan();
  const planHash = hashPlan(thePlan);
  const request: NodeOperation['request'] = changes.request ?? {
    command: 'depool',
    line: '!depool maps1005 kartotherian-ssl',
    service: 'kartotherian-ssl',
    reason: '',
    tasks: [],
    person: 'elukey',
    transport: 'irc',
    channel: '#ops',
    eventKey: 'irc:1',
    at: 1000,
  };
  const id = changes.id ?? 'k7f';
  return {
    schema: '1',
    id,
    state: 'awaiting-approval',
    request,
    plan: thePlan,
    planHash,
    signature: signRequest(KEY, { id, planHash, request }),
    rule: {
      number: 1,
      approvals: 1,
      approve: ['sre'],
      expiresMs: 900_000,
      maxShareRemoved: 25,
      networks: 1,
      console: false,
    },
    createdAt: 1000,
    expiresAt: 901_000,
    nudgedAt: undefined,
    queuedAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    touchedAt: 1000,
    epoch: 0,
    steps: plannedSteps(thePlan),
    votes: [],
    stopRequestedBy: undefined,
    fault: undefined,
    viewId: undefined,
    ...changes,
  };
}
