import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { examineConftool } from './adapters/conftool/examine.ts';
import { findEndpoints } from './adapters/conftool/find-endpoints.ts';
import { examineIrc } from './adapters/irc/examine.ts';
import { examineOwnRedis, examineRedis } from './adapters/redis/examine.ts';
import type { Config, ExaminedConfig } from './config.ts';
import { examineConfig } from './config.ts';
import { BOUNDS } from './config/bounds.ts';
import type { DoctorLine } from './core/doctor-line.ts';
import { doctorLineText, linesOf } from './core/doctor-line.ts';

/**
 * Looks at everything that a start needs and changes nothing: configuration, modes of files, Redis, etcd, IRC.
 *
 * @param print takes each line as it is found: `ok`, `warn` or `FAIL`, the part, and what was seen.
 * @param env the environment; by default that of the process.
 * @returns the exit code: 0 when nothing failed, 1 else.
 */
export async function doctor(
  file: string,
  print: (line: string) => void,
  env?: NodeJS.ProcessEnv,
): Promise<0 | 1> {
  const examined = examineConfig(file, env);
  if (!examined.ok) return report(examined.fault.lines.map(linesOf('config').fail), print);
  const { config } = examined.value;
  const atOnce = Promise.all([redisLines(config), etcdLines(config), ircLines(config)]);
  const near = report([...examineSettings(file, config), ...examineFiles(examined.value)], print);
  const far = report((await atOnce).flat(), print);
  return near === 0 ? far : 1;
}

function report(lines: readonly DoctorLine[], print: (line: string) => void): 0 | 1 {
  for (const line of lines) print(doctorLineText(line));
  return lines.some(({ status }) => status === 'FAIL') ? 1 : 0;
}

function examineSettings(file: string, { people, policy, catalogue }: Config): readonly DoctorLine[] {
  const config = linesOf('config');
  const roles = new Set(people.flatMap((person) => person.roles));
  const idle = [...new Set(policy.rules.flatMap(({ ask, approve }) => [...ask, ...(approve ?? [])]))].filter(
    (role) => !roles.has(role),
  );
  const lonely = policy.rules.flatMap(({ approvals, approve }, at) => {
    const count = people.filter((person) => person.roles.some((role) => approve?.includes(role))).length;
    return count > approvals || approvals === 0 ? [] : [at + 1];
  });
  return [
    config.ok(
      `${file}: ${String(people.length)} people, ${String(policy.rules.length)} rules, ${String(catalogue.entries.length)} services`,
    ),
    ...idle.map((role) => config.warn(`nobody has the role ${role} that the policy names`)),
    ...lonely.map((rule) =>
      config.warn(`rule ${String(rule)} of the policy wants more approvals than others could give`),
    ),
  ];
}

function examineFiles({ config, modeLines, signingKeyToMake }: ExaminedConfig): readonly DoctorLine[] {
  const files = linesOf('files');
  const key =
    signingKeyToMake === undefined ? [] : [files.ok(`the first start will make ${signingKeyToMake}`)];
  const state = isWritable(config.stateDir)
    ? files.ok(`${config.stateDir} can be written`)
    : files.fail(`${config.stateDir} cannot be written by this user`);
  if (modeLines.length > 0) return [...modeLines.map(files.fail), ...key, state];
  return [files.ok('nobody else may write configuration, secrets or code'), ...key, state];
}

/** Whether the folder can be written, or made where it is not there yet. */
function isWritable(folder: string): boolean {
  if (!existsSync(folder)) return folder !== dirname(folder) && isWritable(dirname(folder));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function redisLines({ redis, redisProgram }: Config): Promise<readonly DoctorLine[]> {
  if (redis === undefined) return examineOwnRedis(redisProgram);
  const { url, username, password, tls } = redis;
  const address = {
    url,
    username,
    password: password?.reveal(),
    tls: tls && { ca: tls.ca, cert: tls.cert, key: tls.key?.reveal() },
  };
  return examineRedis(address, BOUNDS.examineMs);
}

async function etcdLines({ conftool }: Config): Promise<readonly DoctorLine[]> {
  const { namespace, apiVersion, credentials, tls, scope, srvDomain } = conftool;
  const found = srvDomain === undefined ? undefined : await findEndpoints(srvDomain);
  if (found?.ok === false) return [linesOf('etcd').fail(`${srvDomain ?? ''}: ${found.fault.cause}`)];
  return examineConftool({
    endpoints: found?.value ?? conftool.endpoints ?? [],
    namespace,
    apiVersion,
    credentials: credentials && { username: credentials.username, password: credentials.password.reveal() },
    ca: tls?.ca,
    scope,
    timeoutMs: BOUNDS.examineMs,
  });
}

function ircLines({ irc }: Config): Promise<readonly DoctorLine[]> {
  const { host, port, tls, nick, account, channels } = irc;
  return examineIrc({
    host,
    port,
    tls,
    nick,
    channels,
    account:
      account.kind === 'plain'
        ? { kind: 'plain', name: account.name, password: account.password.reveal() }
        : { kind: 'external', cert: account.cert, key: account.key.reveal() },
    timeoutMs: BOUNDS.examineMs,
  });
}
