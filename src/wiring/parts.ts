import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProber } from '../adapters/probe/prober.ts';
import { openPrometheus } from '../adapters/prometheus/metrics.ts';
import { openPybal } from '../adapters/pybal/load-balancers.ts';
import type { Parts } from '../app/parts.ts';
import type { Config } from '../config.ts';
import { BOUNDS } from '../config/bounds.ts';
import { balancedPoolNames } from '../core/catalogue.ts';
import type { PartHealth } from '../core/health.ts';
import { operationId } from '../core/operation-id.ts';
import { armFaultPoints } from '../observe/fault-points.ts';
import { askParts } from './ask-parts.ts';
import { placesOf } from './chats.ts';
import { declaredReplicas } from './kubernetes.ts';

/** What is opened by the caller, and closed by it. `trusted` is read each time: SIGHUP replaces what is in it. */
export type OpenedParts = Pick<
  Parts,
  'conftool' | 'kubernetes' | 'store' | 'queue' | 'audit' | 'chats' | 'voice' | 'log'
> & {
  readonly commands: Parts['settings']['commands'];
  readonly trusted: Pick<Config, 'people' | 'policy'>;
  /** Operations of before, by the message that asked for them. */
  readonly heard: ReadonlyMap<string, string>;
  /** Who speaks in place of this process; undefined when it speaks itself. */
  readonly speaker: () => string | undefined;
  /** Of this process itself. */
  readonly ownHealth: () => readonly PartHealth[];
};

/** Everything that the story needs, from the configuration and what was opened for it. */
export function composeParts(config: Config, opened: OpenedParts): Parts {
  const { conftool, kubernetes, store, chats, commands, trusted, heard, ownHealth, speaker, ...others } =
    opened;
  const { balancers, probes, prometheus, takeUpMs, dependencies } = config.traffic;
  const stopFile = join(config.stateDir, 'STOP');
  const loadBalancers = openPybal({
    balancers,
    poolNames: (key) => balancedPoolNames(config.catalogue, key),
    timeoutMs: BOUNDS.balancerMs,
    now: Date.now,
  });
  return {
    ...others,
    conftool,
    kubernetes,
    store,
    chats,
    loadBalancers,
    metrics: openPrometheus({ servers: prometheus, timeoutMs: BOUNDS.metricsMs }),
    prober: openProber({
      connectTo: probes.connectTo,
      ca: probes.ca,
      timeoutMs: BOUNDS.probeMs,
      mostTimeoutMs: BOUNDS.probeMostMs,
      atOnce: BOUNDS.probesAtOnce,
      now: Date.now,
    }),
    clock: { now: Date.now, sleep: (ms) => sleep(ms) },
    stopFile: { present: () => Promise.resolve(existsSync(stopFile) ? stopFile : undefined) },
    faultPoint: armFaultPoints(config.faultPoints),
    settings: {
      commands,
      catalogue: config.catalogue,
      groups: config.groups,
      scope: config.conftool.scope,
      people: () => trusted.people,
      policy: () => trusted.policy,
      // The console is a way in, not a network of its own that somebody could be made to approve from.
      networks: [config.irc, config.slack].filter((side) => side !== undefined).length,
      places: placesOf(config),
      groupRoles: { slack: Object.keys(config.slack?.groups ?? {}) },
      signingKey: config.signingKey.reveal(),
      sal: { ...config.sal, relayHost: config.sal.relay === undefined ? undefined : hostname() },
      takeUpMs,
      probeMode: probes.mode,
      dependencies,
      bounds: BOUNDS,
      deployments: config.kubernetes?.deployments ?? [],
      declaredReplicas: declaredReplicas(config.kubernetes),
      heardBefore: (eventKey) => heard.get(eventKey),
      operationId,
    },
    health: () => askParts({ store, conftool, loadBalancers, kubernetes }, chats, ownHealth(), speaker()),
  };
}
