import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { askConfctl } from './adapters/conftool/ask-confctl.ts';
import { examineConftool } from './adapters/conftool/examine.ts';
import { findEndpoints } from './adapters/conftool/find-endpoints.ts';
import { examineIrc } from './adapters/irc/examine.ts';
import { examineKubernetes } from './adapters/kubernetes/examine.ts';
import { openPrometheus } from './adapters/prometheus/metrics.ts';
import { openPybal } from './adapters/pybal/load-balancers.ts';
import { examineSlack } from './adapters/slack/examine.ts';
import { examineOwnRedis, examineRedis } from './adapters/redis/examine.ts';
import type { Config, ExaminedConfig } from './config.ts';
import { examineConfig } from './config.ts';
import { addressOf } from './wiring/redis.ts';
import { BOUNDS } from './config/bounds.ts';
import { balancedPoolNames } from './core/catalogue.ts';
import type { DoctorLine } from './core/doctor-line.ts';
import { doctorLineText, linesOf } from './core/doctor-line.ts';
import { declaredReplicas, openClusters } from './wiring/kubernetes.ts';
import { ircAccount, slackSide } from './wiring/sides.ts';

/**
 * Looks at everything that a start needs and changes nothing: configuration, modes of files, Redis, etcd, IRC, Slack.
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
  const atOnce = Promise.all([
    redisLines(config),
    etcdLines(config),
    ircLines(config),
    slackLines(config),
    confctlLines(config),
    balancerLines(config),
    metricsLines(config),
    clusterLines(config),
  ]);
  const near = report([...examineSettings(file, config), ...examineFiles(examined.value)], print);
  const far = report((await atOnce).flat(), print);
  return near === 0 ? far : 1;
}

function report(lines: readonly DoctorLine[], print: (line: string) => void): 0 | 1 {
  for (const line of lines) print(doctorLineText(line));
  return lines.some(({ status }) => status === 'FAIL') ? 1 : 0;
}

function examineSettings(file: string, { people, policy, catalogue, slack }: Config): readonly DoctorLine[] {
  const config = linesOf('config');
  const roles = new Set([...people.flatMap((person) => person.roles), ...Object.keys(slack?.groups ?? {})]);
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
  return examineRedis(addressOf(redis), BOUNDS.examineMs);
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

/** With `driver: confctl` the program must be there and start. */
async function confctlLines({ conftool: { confctl } }: Config): Promise<readonly DoctorLine[]> {
  if (confctl === undefined) return [];
  const lines = linesOf('confctl');
  const seen = await askConfctl(confctl.command, BOUNDS.examineMs);
  return [seen.ok ? lines.ok(seen.value) : lines.fail(`${confctl.command}: ${seen.fault}`)];
}

/** Each load balancer answers; which pools it has is its own affair. */
async function balancerLines({ traffic, catalogue }: Config): Promise<readonly DoctorLine[]> {
  const { balancers } = traffic;
  const all = Object.values(balancers).flat();
  const lines = linesOf('load balancers');
  if (all.length === 0) return [lines.warn('none configured: what is declared counts as served')];
  const silent = await openPybal({
    balancers,
    poolNames: (key) => balancedPoolNames(catalogue, key),
    timeoutMs: BOUNDS.balancerMs,
    now: Date.now,
  }).silent();
  return all.map(({ name }) => {
    const found = silent.find(({ balancer }) => balancer === name);
    return found === undefined ? lines.ok(`${name} answers`) : lines.fail(`${name}: ${found.cause}`);
  });
}

/** The query of each data centre gives hosts. Metrics decide nothing, so what is wrong with them is a warning. */
async function metricsLines({ traffic: { prometheus } }: Config): Promise<readonly DoctorLine[]> {
  const lines = linesOf('prometheus');
  const metrics = openPrometheus({ servers: prometheus, timeoutMs: BOUNDS.metricsMs });
  return Promise.all(
    Object.keys(prometheus).map(async (dc) => {
      const seen = await metrics.requests(dc);
      if (seen?.ok !== true)
        return lines.warn(`${dc}: ${seen?.fault.kind === 'metrics-silent' ? seen.fault.cause : 'no answer'}`);
      const { hosts } = seen.value;
      return hosts.length === 0
        ? lines.warn(`${dc}: the query gives no sample with a label host`)
        : lines.ok(`${dc}: ${String(hosts.length)} hosts`);
    }),
  );
}

/** Exactly the rights that are used, asked of each cluster; and that helmfile's files say a number. */
async function clusterLines({ kubernetes: config }: Config): Promise<readonly DoctorLine[]> {
  if (config === undefined) return [];
  const lines = linesOf('kubernetes');
  const declared = declaredReplicas(config);
  const unread = await Promise.all(
    [...config.helmfiles].map(async ([name, { path, key }]) =>
      (await declared(name)) === undefined ? [lines.warn(`${name}: ${path} has no number at ${key}`)] : [],
    ),
  );
  const kubernetes = openClusters(config);
  const seen = await examineKubernetes(kubernetes, config.deployments);
  kubernetes.close();
  return [...seen, ...unread.flat()];
}

function ircLines({ irc }: Config): Promise<readonly DoctorLine[]> {
  const { host, port, tls, nick, channels } = irc;
  const account = ircAccount(irc);
  return examineIrc({ host, port, tls, nick, channels, account, timeoutMs: BOUNDS.examineMs });
}

async function slackLines({ slack }: Config): Promise<readonly DoctorLine[]> {
  return slack === undefined ? [] : examineSlack({ ...slackSide(slack), timeoutMs: BOUNDS.examineMs });
}
