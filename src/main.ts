#!/usr/bin/env node
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openAudit } from './adapters/audit/audit.ts';
import { openQueue } from './adapters/bullmq/queue.ts';
import { openAuditSink } from './adapters/conftool/audit-sink.ts';
import { openProber } from './adapters/probe/prober.ts';
import { openPrometheus } from './adapters/prometheus/metrics.ts';
import { openPybal } from './adapters/pybal/load-balancers.ts';
import { connectionOptions } from './adapters/redis/connection.ts';
import { openRedisStore } from './adapters/redis/store.ts';
import { loadCommands } from './app/load-commands.ts';
import type { Parts } from './app/parts.ts';
import { Sluice } from './app/sluice.ts';
import type { Config } from './config.ts';
import { loadConfig, loadPeople, loadPolicy, readStateDir } from './config.ts';
import { BOUNDS } from './config/bounds.ts';
import { balancedPoolNames } from './core/catalogue.ts';
import type { PartHealth } from './core/health.ts';
import { operationId } from './core/operation-id.ts';
import { policyDifference } from './core/policy-difference.ts';
import { runConsole } from './console/console.ts';
import { readThrown } from './core/thrown.ts';
import { doctor } from './doctor.ts';
import { armFaultPoints } from './observe/fault-points.ts';
import type { Log } from './observe/log.ts';
import { openLog } from './observe/log.ts';
import type { Chat } from './ports/chat.ts';
import { openWeb } from './web/http.ts';
import { askParts } from './wiring/ask-parts.ts';
import { CONSOLE_FOLDER, openChats } from './wiring/chats.ts';
import { openConftool } from './wiring/conftool.ts';
import { declaredReplicas, openClusters } from './wiring/kubernetes.ts';
import { openRedis } from './wiring/redis.ts';

const USAGE = 'usage: sluice [doctor | console] [--config sluice.yaml]';

/** Something that was opened, in the order of opening. */
interface Opened {
  readonly name: string;
  readonly close: () => Promise<void>;
}

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { config: { type: 'string', default: 'sluice.yaml' } },
    allowPositionals: true,
  });
  const [command, ...more] = positionals;
  if (more.length > 0 || (command !== undefined && command !== 'doctor' && command !== 'console')) {
    stop(2, USAGE);
    return;
  }
  if (command === 'doctor') {
    process.exitCode = await doctor(values.config, (line) => {
      process.stdout.write(`${line}\n`);
    });
    return;
  }
  if (command === 'console') {
    await joinConsole(values.config);
    return;
  }
  const config = loadConfig(values.config);
  if (!config.ok) {
    stop(1, `${config.fault.file}:\n${config.fault.lines.map((line) => `  ${line}`).join('\n')}`);
    return;
  }
  await run(config.value);
}

/** A console of the Sluice that runs. Ends the process: a pipe on stdin may stay open. */
async function joinConsole(file: string): Promise<void> {
  const error = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const folder = join(readStateDir(file), CONSOLE_FOLDER);
    const { env, stdin: input, stdout: output } = process;
    process.exit(await runConsole({ folder, env, input, output, error }));
  } catch (thrown) {
    error(readThrown(thrown).message);
    process.exit(2);
  }
}

function stop(code: number, text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = code;
}

/** Opens every part, wires them, and closes them in reverse order when a signal comes. */
async function run(config: Config): Promise<void> {
  const log = openLog(config.logLevel);
  const opened: Opened[] = [];
  const closeAll = async (): Promise<void> => {
    for (const { name, close } of opened.reverse()) {
      await close().catch((error: unknown) => {
        log.error({ name, cause: String(error) }, 'not closed cleanly');
      });
    }
  };
  try {
    await open(config, log, opened, closeAll);
  } catch (error) {
    log.error({ cause: error instanceof Error ? error.message : String(error) }, 'start failed');
    await closeAll();
    process.exit(1);
  }
}

async function open(
  config: Config,
  log: Log,
  opened: Opened[],
  closeAll: () => Promise<void>,
): Promise<void> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const commands = await loadCommands();
  const redis = await openRedis(config, log);
  opened.push({ name: 'redis-server', close: () => redis.close() });
  const connection = connectionOptions(redis.address);
  const store = await openRedisStore({ connection, retentionMs: config.retentionMs, log });
  opened.push({ name: 'store', close: () => store.close() });
  const sink = openAuditSink({
    conftool2git: config.conftool.conftool2git,
    warn: (fields, message) => {
      log.warn(fields, message);
    },
  });
  opened.push({ name: 'conftool audit', close: () => sink.close() });
  const conftool = await openConftool(config, sink);
  opened.push({ name: 'conftool', close: () => conftool.close() });
  const kubernetes = config.kubernetes === undefined ? undefined : openClusters(config.kubernetes);
  opened.push({ name: 'kubernetes', close: () => Promise.resolve(kubernetes?.close()) });
  const audit = await openAudit(join(config.stateDir, 'audit.log'), Date.now);
  opened.push({ name: 'audit', close: () => audit.close() });
  const chats = openChats(config, log);
  const queue = openQueue({ connection, concurrency: BOUNDS.operationsAtOnce, log });
  const trusted = { people: config.people, policy: config.policy };
  const stopFile = join(config.stateDir, 'STOP');
  const { balancers, probes, prometheus, takeUpMs, dependencies } = config.traffic;
  const loadBalancers = openPybal({
    balancers,
    poolNames: (key) => balancedPoolNames(config.catalogue, key),
    timeoutMs: BOUNDS.balancerMs,
    now: Date.now,
  });
  const health = (): Promise<readonly PartHealth[]> =>
    askParts({ store, conftool, loadBalancers, kubernetes }, chats);
  const parts: Parts = {
    conftool,
    loadBalancers,
    kubernetes,
    metrics: openPrometheus({ servers: prometheus, timeoutMs: BOUNDS.metricsMs }),
    prober: openProber({
      connectTo: probes.connectTo,
      ca: probes.ca,
      timeoutMs: BOUNDS.probeMs,
      mostTimeoutMs: BOUNDS.probeMostMs,
      atOnce: BOUNDS.probesAtOnce,
      now: Date.now,
    }),
    store,
    queue,
    audit,
    clock: { now: Date.now, sleep: (ms) => sleep(ms) },
    chats,
    stopFile: { present: () => Promise.resolve(existsSync(stopFile) ? stopFile : undefined) },
    log,
    faultPoint: armFaultPoints(config.faultPoints),
    settings: {
      commands,
      catalogue: config.catalogue,
      groups: config.groups,
      scope: config.conftool.scope,
      people: () => trusted.people,
      policy: () => trusted.policy,
      // The console is a way in, not a network of its own that somebody could be made to approve from.
      networks: chats.filter(({ transport }) => transport !== 'console').length,
      signingKey: config.signingKey.reveal(),
      sal: config.sal,
      takeUpMs,
      probeMode: probes.mode,
      dependencies,
      bounds: BOUNDS,
      deployments: config.kubernetes?.deployments ?? [],
      declaredReplicas: declaredReplicas(config.kubernetes),
      operationId,
    },
    health,
  };
  const sluice = new Sluice(parts);
  if (config.http !== undefined) {
    const web = await openWeb(config.http, health);
    opened.push({ name: 'http', close: () => web.close() });
  }
  opened.push({ name: 'outbox', close: () => sluice.outbox.close() });
  const ready = chats.map((chat) => startChat(chat, sluice));
  queue.start((id) => sluice.run(id));
  const sweeping = setInterval(() => void sluice.sweep(), BOUNDS.sweepEveryMs);
  process.on('SIGHUP', () => void reload(config, trusted, sluice, log));
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      log.info({ signal }, 'ending after the write in flight');
      setTimeout(() => process.exit(1), BOUNDS.closeWithinMs).unref();
      void end();
    });
  }
  const end = async (): Promise<void> => {
    sluice.end();
    clearInterval(sweeping);
    await queue.close();
    await sluice.idle();
    await sluice.outbox.close();
    await Promise.all(chats.map((chat) => chat.close()));
    await closeAll();
    log.info({}, 'ended');
    process.exit(0);
  };
  // One network that is down holds up nobody on another.
  await Promise.any(ready);
  sluice.watchChanges();
  await sluice.sweep();
  await Promise.all(ready);
  log.info({ parts: (await health()).map(({ part }) => part) }, 'ready');
}

/** Resolves when the chat is ready for the first time; each time that it is back, what was left unsaid is said. */
function startChat(chat: Chat, sluice: Sluice): Promise<void> {
  return new Promise((resolve) => {
    chat.start(
      (event) => sluice.hear(event),
      (state) => {
        sluice.chatChanged(chat, state);
        if (state === 'ready') resolve();
      },
    );
  });
}

/** Takes people and policy as they are now, both or neither; what cannot be read changes nothing. */
async function reload(
  config: Config,
  trusted: Pick<Config, 'people' | 'policy'> & object,
  sluice: Sluice,
  log: Log,
): Promise<void> {
  const [people, policy] = [loadPeople(config.peopleFile), loadPolicy(config.policyFile)];
  if (!people.ok || !policy.ok) {
    const lines = [people, policy].flatMap((read) => (read.ok ? [] : read.fault.lines));
    log.error({ lines }, 'people and policy not taken');
    await sluice.announceAll({ kind: 'policy-invalid', problem: lines.join('; ') });
    return;
  }
  const lines = policyDifference(trusted.policy, policy.value);
  Object.assign(trusted, { people: people.value, policy: policy.value });
  await sluice.announceAll({ kind: 'policy-changed', lines });
}
