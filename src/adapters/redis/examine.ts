import { execFile } from 'node:child_process';
import type { Redis } from 'ioredis';
import type { DoctorLine } from '../../core/doctor-line.ts';
import { linesOf } from '../../core/doctor-line.ts';
import type { RedisAddress } from './place.ts';
import { connectionOptions, connectTo, mastersOf } from './place.ts';

const redis = linesOf('redis');
/** The first version that has all commands which the queue uses. */
const LEAST_VERSION = [6, 2] as const;
/** Approvals, locks and retention are counted in minutes. */
const WARN_APART_MS = 2000;
const REFUSE_APART_MS = 30_000;

/**
 * Looks whether that Redis keeps a journal safe: version, append-only file, when it is flushed, that nothing is evicted.
 * Whether its clock is ours, as both say when an approval ends. Writes nothing. A managed Redis may forbid CONFIG; what cannot be seen then is a warning.
 */
export async function examineRedis(
  address: RedisAddress,
  timeoutMs: number,
  now: () => number = Date.now,
): Promise<readonly DoctorLine[]> {
  const once = {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
  };
  const place = connectionOptions(address);
  const client = connectTo(place, once);
  // The rejection only says "closed"; the reason comes as an event.
  let cause = 'no answer';
  client.on('error', (error: Error) => {
    cause = error.message;
  });
  try {
    await client.connect();
    const asked = mastersOf(client).map((master) => askServer(master, place.minReplicas, now));
    const lines = await Promise.all(asked);
    const texts = new Set<string>();
    // Of several masters what is alike is told once.
    return lines.flat().filter(({ text }) => !texts.has(text) && texts.add(text));
  } catch (error) {
    const reason =
      error instanceof Error && !error.message.startsWith('Connection is closed') ? error.message : cause;
    return [redis.fail(`does not answer: ${reason}`)];
  } finally {
    client.disconnect();
  }
}

/**
 * Looks whether Sluice could start a Redis of its own: the first of `redis-server`, `valkey-server` and the program that
 * the operator names which can be run.
 */
export async function examineOwnRedis(program: string | undefined): Promise<readonly DoctorLine[]> {
  for (const candidate of ['redis-server', 'valkey-server', ...(program === undefined ? [] : [program])]) {
    const version = /\bv=(\d[\d.]*)/.exec(await versionText(candidate))?.[1];
    if (version === undefined) continue;
    if (isOldVersion(version)) return [redis.fail(`${candidate} ${version} is too old: 6.2 is needed`)];
    return [redis.ok(`own ${candidate} ${version}, as the configuration has no redis`)];
  }
  return [
    redis.fail(
      'no redis-server to start. Type: apt-get install redis-server, or give redis or SLUICE_REDIS_BIN',
    ),
  ];
}

async function askServer(
  client: Redis,
  minReplicas: number,
  now: () => number,
): Promise<readonly DoctorLine[]> {
  const clock = await clockLine(client, now);
  const info = readInfo(await client.info());
  const settings = await readSettings(client);
  return [
    versionLine(info.get('redis_version') ?? ''),
    ...(info.get('role') === 'master' ? [] : [redis.fail('is a replica: nothing can be stored there')]),
    appendLine(info),
    settings === undefined
      ? redis.warn('CONFIG is forbidden: appendfsync cannot be seen, it should be always')
      : flushLine(settings.get('appendfsync')),
    evictionLine(settings?.get('maxmemory-policy') ?? info.get('maxmemory_policy')),
    ...(clock === undefined ? [] : [clock]),
    ...(minReplicas === 0 ? [] : [replicasLine(settings?.get('min-replicas-to-write'), minReplicas)]),
  ];
}

/** @returns undefined while both clocks agree. */
async function clockLine(client: Redis, now: () => number): Promise<DoctorLine | undefined> {
  const before = now();
  const [seconds, micros] = await client.time();
  const after = now();
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  // Whatever it took to ask is not a difference.
  const apart = theirs < before ? before - theirs : Math.max(0, theirs - after);
  if (apart <= WARN_APART_MS) return undefined;
  const text = `its clock and ours are ${String(Math.round(apart / 1000))} s apart: approvals would end at the wrong time. Look at both: timedatectl`;
  return apart > REFUSE_APART_MS ? redis.fail(text) : redis.warn(text);
}

function versionLine(version: string): DoctorLine {
  return isOldVersion(version)
    ? redis.fail(`version ${version}: 6.2 is needed`)
    : redis.ok(`version ${version}`);
}

function appendLine(info: ReadonlyMap<string, string>): DoctorLine {
  if (info.get('aof_enabled') !== '1') {
    return redis.fail('append-only file is off: a crash would lose the journal. Set appendonly yes');
  }
  const status = info.get('aof_last_write_status');
  if (status !== undefined && status !== 'ok')
    return redis.fail('its last write to disk failed: look at its disk');
  return redis.ok('append-only file is on');
}

function flushLine(appendfsync: string | undefined): DoctorLine {
  if (appendfsync === 'always') return redis.ok('appendfsync always');
  if (appendfsync === 'everysec') {
    return redis.warn('appendfsync everysec: a power cut may lose the last second. Set appendfsync always');
  }
  return redis.fail(
    `appendfsync ${appendfsync ?? 'unknown'}: a power cut would lose the journal. Set appendfsync always`,
  );
}

function evictionLine(policy: string | undefined): DoctorLine {
  if (policy === 'noeviction') return redis.ok('maxmemory-policy noeviction');
  if (policy === undefined) return redis.warn('maxmemory-policy cannot be seen, it must be noeviction');
  return redis.fail(
    `maxmemory-policy ${policy}: it may throw the journal away. Set maxmemory-policy noeviction`,
  );
}

/** A master without replicas must not take what is lost when another becomes master. */
function replicasLine(set: string | undefined, least: number): DoctorLine {
  if (set === undefined)
    return redis.warn(`min-replicas-to-write cannot be seen, it must be ${String(least)}`);
  return Number(set) >= least
    ? redis.ok(`min-replicas-to-write ${set}`)
    : redis.fail(
        `min-replicas-to-write ${set}: a master that is cut off would take what is lost then. Set min-replicas-to-write ${String(least)}`,
      );
}

/** @returns undefined when CONFIG is forbidden. */
async function readSettings(client: Redis): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const settings = new Map<string, string>();
    for (const name of ['appendfsync', 'maxmemory-policy', 'min-replicas-to-write']) {
      const [, value] = (await client.call('CONFIG', 'GET', name)) as readonly string[];
      if (value !== undefined) settings.set(name, value);
    }
    return settings;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}

function readInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function isOldVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_VERSION;
  return !(major > leastMajor || (major === leastMajor && minor >= leastMinor));
}

/** What `PROGRAM --version` prints; empty when it cannot be run. */
function versionText(program: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: 5000 }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}
