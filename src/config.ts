import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { TrustedFile } from './config/file-modes.ts';
import { codeModeProblems, fileModeProblems } from './config/file-modes.ts';
import type { Reading } from './config/file-or-env.ts';
import { readText, reasonOf } from './config/file-or-env.ts';
import type { ConftoolConfig, IrcConfig, SalConfig } from './config/resolve.ts';
import { pathIn, readCatalogue, readPeople, readPolicy } from './config/resolve.ts';
import { resolveConftool, resolveHttp, resolveIrc, resolveSal } from './config/resolve.ts';
import type { RedisConfig } from './config/resolve-redis.ts';
import { resolveRedis } from './config/resolve-redis.ts';
import type { SlackConfig } from './config/resolve-slack.ts';
import { resolveSlack } from './config/resolve-slack.ts';
import type { KubernetesConfig } from './config/resolve-kubernetes.ts';
import { resolveKubernetes } from './config/resolve-kubernetes.ts';
import type { TrafficConfig } from './config/resolve-traffic.ts';
import { resolveTraffic } from './config/resolve-traffic.ts';
import type { Role } from './config/role.ts';
import type { FileContent } from './config/schema.ts';
import { FileSchema, StateDirSchema } from './config/schema.ts';
import type { Secret } from './config/secret.ts';
import { makeSecret } from './config/secret.ts';
import { makeSigningKeyFile, newSigningKey, SIGNING_KEY_CHARACTERS } from './config/signing-key.ts';
import { unsupportedProblems } from './config/unsupported.ts';
import { parseYaml } from './config/yaml.ts';
import type { Catalogue } from './core/catalogue.ts';
import type { GroupRule } from './core/groups.ts';
import type { Person } from './core/people.ts';
import type { Policy } from './core/policy.ts';
import type { Problem } from './core/problem.ts';
import { parseStrict, problemLine } from './core/problem.ts';
import type { Result } from './core/result.ts';
import { fail, ok } from './core/result.ts';

/** Everything that Sluice is told: `sluice.yaml` and the files that it names, read and checked. Paths are absolute. */
export interface Config {
  readonly role: Role;
  readonly irc: IrcConfig;
  /** Undefined: that side is off. */
  readonly slack: SlackConfig | undefined;
  readonly sal: SalConfig;
  /** Undefined: Sluice starts its own redis-server under `stateDir`. */
  readonly redis: RedisConfig | undefined;
  /** The program for that, when it is not on the PATH: `SLUICE_REDIS_BIN`. */
  readonly redisProgram: string | undefined;
  readonly signingKey: Secret;
  readonly conftool: ConftoolConfig;
  readonly traffic: TrafficConfig;
  /** Undefined: there is no !scale. */
  readonly kubernetes: KubernetesConfig | undefined;
  readonly catalogue: Catalogue;
  readonly groups: readonly GroupRule[];
  readonly people: readonly Person[];
  readonly policy: Policy;
  /** To be read again on SIGHUP. */
  readonly peopleFile: string;
  readonly policyFile: string;
  /** Undefined: no HTTP. */
  readonly http: { readonly host: string; readonly port: number } | undefined;
  readonly stateDir: string;
  readonly retentionMs: number;
  /** Whether spans go to a collector: `OTEL_EXPORTER_OTLP_ENDPOINT` or its variant for traces. */
  readonly exportsSpans: boolean;
  /** The least that is logged: `SLUICE_LOG_LEVEL`, else `info`. */
  readonly logLevel: string;
  /** Names of places where a test ends the process: `SLUICE_FAULT_POINTS`, for crash tests only. */
  readonly faultPoints: string | undefined;
}

/** Why the configuration is refused: every problem that was found, `PATH: what to type`. */
export interface ConfigFault {
  readonly file: string;
  readonly lines: readonly string[];
}

/** A configuration as `sluice doctor` sees it: also when it could not start as it is. */
export interface ExaminedConfig {
  readonly config: Config;
  /** The file of the signing key that the first start will make; undefined when it is there. */
  readonly signingKeyToMake: string | undefined;
  /** Modes of files and code that would stop the start, `PATH: what to type`. */
  readonly modeLines: readonly string[];
}

/**
 * Reads `sluice.yaml` and everything that it names, for a start: makes the signing key when there is none yet, and
 * refuses when others may write what Sluice believes.
 *
 * @param env the environment; by default that of the process, which nothing but this file reads.
 * @param role what the process is to do: some secrets are not for it, and are not read.
 */
export function loadConfig(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  role: Role = 'both',
): Result<Config, ConfigFault> {
  const examined = examineConfig(file, env, role);
  if (!examined.ok) return examined;
  const { config, modeLines, signingKeyToMake } = examined.value;
  if (modeLines.length > 0) return fail({ file, lines: modeLines });
  if (signingKeyToMake === undefined) return ok(config);
  // One that it made itself would be another than that of the gateway, and everything would look forged.
  if (role === 'worker')
    return fail({
      file,
      lines: [`signingKeyFile: ${signingKeyToMake} is not there: copy it from the gateway, which makes it`],
    });
  try {
    makeSigningKeyFile(signingKeyToMake);
    return ok({ ...config, signingKey: makeSecret(readFileSync(signingKeyToMake, 'utf8').trim()) });
  } catch (error) {
    return fail({ file, lines: [`signingKeyFile: cannot make ${signingKeyToMake}: ${reasonOf(error)}`] });
  }
}

/**
 * The same for looking only: nothing is written, and modes are told in place of refused. A signing key that is still to
 * be made is a random one.
 */
export function examineConfig(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  role: Role = 'both',
): Result<ExaminedConfig, ConfigFault> {
  const path = resolve(file);
  const content = readContent(path);
  if (!content.ok) return fail({ file, lines: content.fault.map(problemLine) });
  const files: TrustedFile[] = [{ path, kind: 'plain' }];
  const reading: Reading = { folder: dirname(path), env, role, problems: [], files };
  const resolved = resolveContent(reading, content.value);
  const problems = reading.problems.map(problemLine);
  if (resolved === undefined || problems.length > 0) {
    return fail({ file, lines: [...problems, ...fileModeProblems(files).map(problemLine)] });
  }
  const modeLines = [...fileModeProblems(files), ...codeModeProblems()].map(problemLine);
  return ok({ ...resolved, modeLines });
}

/** The `stateDir` of a configuration, for who may not read the secrets that it names. @throws what the file system or YAML says. */
export function readStateDir(file: string): string {
  const path = resolve(file);
  const content = parseYaml(readFileSync(path, 'utf8'), '1.2');
  if (!content.ok) throw new Error(content.fault.map(problemLine).join('; '));
  const { stateDir } = StateDirSchema.parse(content.value);
  return resolve(dirname(path), stateDir);
}

/** Reads `policy.yaml` again. @param file `Config.policyFile`. */
export function loadPolicy(file: string): Result<Policy, ConfigFault> {
  return reload(file, readPolicy);
}

/** Reads `people.yaml` again. @param file `Config.peopleFile`. */
export function loadPeople(file: string): Result<readonly Person[], ConfigFault> {
  return reload(file, readPeople);
}

function reload<T>(
  file: string,
  read: (reading: Reading, path: string) => T | undefined,
): Result<T, ConfigFault> {
  const reading: Reading = { folder: dirname(file), env: {}, role: 'both', problems: [], files: [] };
  const value = read(reading, basename(file));
  const problems = [...reading.problems, ...fileModeProblems(reading.files)];
  if (value === undefined || problems.length > 0) return fail({ file, lines: problems.map(problemLine) });
  return ok(value);
}

function readContent(path: string): Result<FileContent, readonly Problem[]> {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return fail([{ path, text: reasonOf(error) }]);
  }
  const content = parseYaml(text, '1.2');
  if (!content.ok) return content;
  const unsupported = unsupportedProblems(content.value);
  const parsed = parseStrict(FileSchema, content.value);
  if (!parsed.ok) return fail([...unsupported, ...parsed.fault]);
  return unsupported.length > 0 ? fail(unsupported) : parsed;
}

/** @returns undefined when a file that is needed could not be read; the reading has the problems. */
function resolveContent(
  reading: Reading,
  content: FileContent,
): Omit<ExaminedConfig, 'modeLines'> | undefined {
  const irc = resolveIrc(reading, content);
  const slack = resolveSlack(reading, content.slack);
  const sal = resolveSal(reading, content);
  const redis = resolveRedis(reading, content.redis);
  const conftool = resolveConftool(reading, content.conftool);
  const traffic = resolveTraffic(reading, content);
  const kubernetes = resolveKubernetes(reading, content);
  const catalogue = readCatalogue(reading, content.catalogue);
  const people = readPeople(reading, content.people);
  const policy = readPolicy(reading, content.policy);
  const stateDir = pathIn(reading, content.stateDir);
  // Its folder is looked at with it: who may write that could also take the STOP file away.
  reading.files.push({ path: join(stateDir, 'audit.log'), kind: 'plain' });
  const signing = resolveSigningKey(reading, content, stateDir);
  if (irc === undefined || catalogue === undefined || people === undefined || policy === undefined)
    return undefined;
  const config: Config = {
    role: reading.role,
    irc,
    slack,
    sal,
    redis,
    redisProgram: reading.env['SLUICE_REDIS_BIN'],
    signingKey: signing.key,
    conftool,
    traffic,
    kubernetes,
    catalogue,
    groups: Object.entries(content.groups).map(([name, pattern]) => ({ name, pattern })),
    people,
    policy,
    peopleFile: pathIn(reading, content.people),
    policyFile: pathIn(reading, content.policy),
    http: resolveHttp(reading, content),
    stateDir,
    retentionMs: content.retention,
    exportsSpans: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(
      (name) => (reading.env[name] ?? '') !== '',
    ),
    logLevel: reading.env['SLUICE_LOG_LEVEL'] ?? 'info',
    faultPoints: reading.env['SLUICE_FAULT_POINTS'],
  };
  return { config, signingKeyToMake: signing.toMake };
}

/** The key, or where the first start is to make one: at `signingKeyFile`, by default `signing-key` under `stateDir`. */
function resolveSigningKey(
  reading: Reading,
  content: FileContent,
  stateDir: string,
): { readonly key: Secret; readonly toMake: string | undefined } {
  const { signingKeyEnv } = content;
  const signingKeyFile =
    content.signingKeyFile ?? (signingKeyEnv === undefined ? join(stateDir, 'signing-key') : undefined);
  if (signingKeyFile !== undefined && signingKeyEnv === undefined) {
    const path = pathIn(reading, signingKeyFile);
    if (!existsSync(path)) {
      // Looked at for its folder: who may write that could put a key of their own there first.
      reading.files.push({ path, kind: 'own' });
      return { key: makeSecret(newSigningKey()), toMake: path };
    }
  }
  const text = readText(
    reading,
    { signingKeyFile, signingKeyEnv },
    { at: '', name: 'signingKey', kind: 'own' },
  );
  if (text !== undefined && text.length < SIGNING_KEY_CHARACTERS) {
    const least = String(SIGNING_KEY_CHARACTERS);
    reading.problems.push({
      path: signingKeyFile === undefined ? 'signingKeyEnv' : 'signingKeyFile',
      text: `is shorter than ${least} characters: remove the file, the next start makes a good one`,
    });
  }
  return { key: makeSecret(text ?? ''), toMake: undefined };
}
