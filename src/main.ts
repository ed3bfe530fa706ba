#!/usr/bin/env node
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openAudit } from './adapters/audit/audit.ts';
import { claimAuditSlot } from './adapters/audit/slot.ts';
import { openQueue } from './adapters/bullmq/queue.ts';
import { openQueueTelemetry } from './adapters/bullmq/telemetry.ts';
import { openAuditSink } from './adapters/conftool/audit-sink.ts';
import { connectionOptions, connectTo } from './adapters/redis/place.ts';
import { listenForRows } from './adapters/redis/listen.ts';
import { openRedisStore } from './adapters/redis/store.ts';
import { loadCommands } from './app/load-commands.ts';
import { Sluice } from './app/sluice.ts';
import { WorkerWatch } from './app/watch-worker.ts';
import type { Config } from './config.ts';
import { loadConfig, loadPeople, loadPolicy } from './config.ts';
import { BOUNDS } from './config/bounds.ts';
import { readThrown } from './core/thrown.ts';
import { policyDifference } from './core/policy-difference.ts';
import type { Log } from './observe/log.ts';
import { parseRole } from './config/role.ts';
import { secretsIn } from './config/secret.ts';
import { openLog } from './observe/log.ts';
import { openMeters } from './observe/meters.ts';
import { exportSpans } from './observe/spans.ts';
import { openSyslog } from './observe/syslog.ts';
import { runTool, USAGE } from './tools/tools.ts';
import { openWeb } from './web/http.ts';
import { attend } from './wiring/attend.ts';
import { openChats } from './wiring/chats.ts';
import { openConftool } from './wiring/conftool.ts';
import { openClusters } from './wiring/kubernetes.ts';
import { checkStart } from './wiring/check-start.ts';
import { composeParts } from './wiring/parts.ts';
import { openRedis } from './wiring/redis.ts';
import { openVoice } from './wiring/voice.ts';

/** Something that was opened, in the order of opening. */
interface Opened {
  readonly name: string;
  readonly close: () => Promise<void>;
}

await main();

async function main(): Promise<void> {
  const given = readArguments();
  if (given === undefined) {
    stop(2, USAGE);
    return;
  }
  const { values, positionals } = given;
  if (positionals.length > 0) {
    process.exitCode = await runTool(positionals, values);
    return;
  }
  const role = parseRole(values.role);
  if (role === undefined) {
    stop(2, `--role ${values.role ?? ''}: there are gateway and worker\n${USAGE}`);
    return;
  }
  const config = loadConfig(values.config, process.env, role);
  if (!config.ok) {
    stop(1, `${config.fault.file}:\n${config.fault.lines.map((line) => `  ${line}`).join('\n')}`);
    return;
  }
  await run(config.value);
}

/** undefined for an option that there is not. */
function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', default: 'sluice.yaml' },
        head: { type: 'string' },
        since: { type: 'string' },
        sal: { type: 'boolean', default: false },
        role: { type: 'string' },
      },
      allowPositionals: true,
    });
  } catch {
    return undefined;
  }
}

function stop(code: number, text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = code;
}

/** Opens every part, wires them, and closes them in reverse order when a signal comes. */
async function run(config: Config): Promise<void> {
  const log = openLog(config.logLevel, secretsIn(config));
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
  const spans = config.exportsSpans ? await exportSpans(config.role) : undefined;
  opened.push({ name: 'spans', close: () => Promise.resolve(spans?.close()) });
  const commands = await loadCommands();
  const redis = await openRedis(config, log);
  opened.push({ name: 'redis-server', close: () => redis.close() });
  const connection = connectionOptions(redis.address);
  let speaks = (): boolean => false;
  const store = await openRedisStore({
    connection,
    retentionMs: config.retentionMs,
    log,
    speaks: () => speaks(),
  });
  opened.push({ name: 'store', close: () => store.close() });
  const sink = openAuditSink({
    conftool2git: config.conftool.conftool2git,
    warn: (fields, message) => {
      log.warn(fields, message);
    },
  });
  opened.push({ name: 'conftool audit', close: () => sink.close() });
  const meters = openMeters(Date.now);
  const conftool = meters.conftool(await openConftool(config, sink));
  opened.push({ name: 'conftool', close: () => conftool.close() });
  const kubernetes = config.kubernetes === undefined ? undefined : openClusters(config.kubernetes);
  opened.push({ name: 'kubernetes', close: () => Promise.resolve(kubernetes?.close()) });
  const slot = await claimAuditSlot(config.stateDir);
  opened.push({ name: 'audit slot', close: () => slot.release() });
  const { reasons, warnings, heard } = await checkStart(config, { redis, store });
  for (const warning of warnings) log.warn({ warning }, 'start: not as it should be');
  if (reasons.length > 0) throw new Error(reasons.join('; '));
  // Who can write here cannot write there: a file that was written anew is found out by what syslog has.
  const syslog = openSyslog({
    tag: 'sluice-audit',
    otherwise: () => undefined,
    warn: (fields, message) => {
      log.warn(fields, message);
    },
  });
  opened.push({ name: 'syslog', close: () => syslog.close() });
  const onLine = (line: string): void => {
    syslog.write(line);
  };
  const audit = meters.audit(await openAudit(slot.file, Date.now, { onLine }));
  const tellHead = (): void => {
    const { seq, hash } = audit.head();
    syslog.write(`head ${String(seq)} ${hash}`);
  };
  opened.push({ name: 'audit', close: () => audit.close() });
  const chats = openChats(config, log);
  const { voice, shared } = openVoice(config, { store, slot: slot.number, log });
  speaks = () => voice.speaks();
  const duties = { hears: config.role !== 'worker', runs: config.role !== 'gateway' };
  const queue = openQueue({
    connect: (behaviour) => connectTo(connection, behaviour),
    concurrency: BOUNDS.operationsAtOnce,
    log,
    telemetry: spans && (await openQueueTelemetry()),
  });
  const watch = new WorkerWatch(queue, log);
  const trusted = { people: config.people, policy: config.policy };
  const parts = composeParts(config, {
    conftool,
    kubernetes,
    store,
    queue,
    audit,
    chats,
    voice,
    speaker: () => shared?.holder(),
    commands,
    log,
    trusted,
    heard,
    ownHealth: () => [watch.health(), ...sluice.outbox.logHealth()],
  });
  const { health } = parts;
  const sluice: Sluice = new Sluice(parts, duties);
  if (config.http !== undefined) {
    // On a host of several processes with one configuration the first has the port.
    const shares = config.role !== 'both' || slot.number > 1;
    const web = await openWeb(config.http, health, () => meters.text({ store, audit, chats })).catch(
      (error: unknown) => {
        if (!shares) throw error;
        log.error({ cause: readThrown(error).message }, 'http: nobody can look at this process');
      },
    );
    opened.push({ name: 'http', close: () => Promise.resolve(web?.close()) });
  }
  opened.push({ name: 'outbox', close: () => sluice.outbox.close() });
  const attendance = attend(chats, sluice, shared);
  const listening = duties.hears ? listenForRows(connection, () => void sluice.sayWhatIsStored()) : undefined;
  opened.push({ name: 'listening', close: () => Promise.resolve(listening?.close()) });
  shared?.follow((speaks, holder) => {
    attendance.voiceChanged(speaks, holder);
  });
  if (duties.runs) queue.start((id, begunElsewhere) => sluice.run(id, begunElsewhere));
  const sweeping = setInterval(() => void sluice.sweep(), BOUNDS.sweepEveryMs);
  tellHead();
  const tellingHead = setInterval(tellHead, BOUNDS.headEveryMs);
  const looking = setInterval(() => void shared?.tick(), BOUNDS.voiceLookMs);
  const trying = setInterval(() => void watch.check(), BOUNDS.canaryEveryMs);
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
    clearInterval(trying);
    clearInterval(tellingHead);
    clearInterval(looking);
    await queue.close();
    await sluice.idle();
    await sluice.outbox.close();
    await Promise.all(chats.map((chat) => chat.close()));
    // Only now may another speak.
    await shared?.close();
    await closeAll();
    log.info({}, 'ended');
    process.exit(0);
  };
  // One network that is down holds up nobody on another.
  await shared?.tick();
  if (duties.hears) {
    await attendance.first;
    sluice.watchChanges();
  }
  await sluice.sweep();
  await attendance.ready;
  log.info({ role: config.role, parts: (await health()).map(({ part }) => part) }, 'ready');
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
