import { z } from 'zod';
import { Duration } from '../core/policy.ts';
import { strictObject } from '../core/problem.ts';
import { fileOrEnv } from './file-or-env.ts';

const Text = z.string().min(1);
const Port = z.int().min(1).max(65_535);
const Channel = z
  .string()
  .regex(/^[#&][^\s,\u0007]{1,63}$/, 'must be a channel like "#wikimedia-operations"');

const Url = z.string().refine((text) => URL.canParse(text), 'must be a URL');
const HttpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL like https://host:port' });
const EtcdUrl = HttpUrl.refine(
  (text) => URL.canParse(text) && new URL(text).pathname === '/' && !hasUserinfo(text),
  'must be https://HOST:PORT alone: name and password go into credentials',
);
const RedisUrl = z
  .string()
  .regex(/^rediss?:\/\/[^\s/]+(?:\/\d+)?\/?$/, 'must be a URL like redis://host:6379')
  .refine((text) => !hasUserinfo(text), 'holds a name or password: give usernameFile and passwordFile');

/** `HOST:PORT`, as it is or as a URL. */
const RedisNode = z
  .string()
  .regex(
    /^(?:rediss?:\/\/)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/@:]+):\d{1,5}\/?$/,
    'must be like redis-1.example.org:6379',
  )
  .transform((text) => {
    const { hostname, port } = new URL(`redis://${text.replace(/^rediss?:\/\//, '')}`);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  });

/** Trust in a private certificate authority, and a certificate of our own. */
const ClientTls = strictObject({
  ...fileOrEnv('ca'),
  ...fileOrEnv('clientCert'),
  ...fileOrEnv('clientKey'),
});

const Irc = strictObject({
  host: Text,
  port: Port.default(6697),
  tls: z.union([z.boolean(), strictObject(fileOrEnv('ca'))]).default(true),
  nick: z.string().regex(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,29}$/, 'must be a nick like sluice'),
  account: strictObject({
    name: Text.optional(),
    ...fileOrEnv('password'),
    ...fileOrEnv('clientCert'),
    ...fileOrEnv('clientKey'),
  }),
  channels: z.array(Channel).min(1),
  rate: strictObject({
    burst: z.int().min(1).default(4),
    everyMs: z.int().min(0).default(1200),
  }).prefault({}),
});

const SlackChannel = z
  .string()
  .regex(/^[CG][A-Z0-9]{2,}$/, 'must be a channel id like C0123456: at the end of the channel\'s "About"');
const SlackGroup = z.string().regex(/^S[A-Z0-9]{2,}$/, 'must be the id of a user group, like S0123456');

const Slack = strictObject({
  ...fileOrEnv('botToken'),
  ...fileOrEnv('appToken'),
  ...fileOrEnv('signingSecret'),
  port: Port.optional(),
  apiUrl: HttpUrl.optional(),
  channels: z.array(SlackChannel).min(1),
  groups: z.record(Text, SlackGroup).optional(),
});

const Sal = strictObject({
  transport: z.enum(['irc', 'tcpircbot']),
  channel: Channel.optional(),
  acknowledgedBy: Text.optional(),
  host: Text.optional(),
  port: Port.optional(),
});

const Redis = strictObject({
  url: RedisUrl.optional(),
  ...fileOrEnv('username'),
  ...fileOrEnv('password'),
  tls: z.union([z.boolean(), ClientTls]).optional(),
  sentinels: z.array(RedisNode).min(1).optional(),
  name: Text.optional(),
  ...fileOrEnv('sentinelPassword'),
  cluster: z.array(RedisNode).min(1).optional(),
  minReplicas: z.int().min(0).max(10).optional(),
});

const ScopeEntry = strictObject({
  dc: Text.optional(),
  cluster: Text.optional(),
  service: Text.optional(),
  types: z.array(Text).min(1).optional(),
}).refine(
  (entry) => Object.keys(entry).length > 0,
  'is empty, which would mean everything: name a dc, cluster, service or types',
);

const Conftool = strictObject({
  driver: z.enum(['native', 'confctl']).default('native'),
  endpoints: z.array(EtcdUrl).min(1).optional(),
  srvDomain: Text.optional(),
  namespace: z
    .string()
    .regex(/^(?:\/[\w.-]+)+$/, 'must be a path like /conftool')
    .default('/conftool'),
  apiVersion: z
    .string()
    .regex(/^[\w.-]+$/, 'must be a name like v1')
    .default('v1'),
  credentials: strictObject({ username: Text, ...fileOrEnv('password') }).optional(),
  readCredentials: strictObject({ username: Text, ...fileOrEnv('password') }).optional(),
  tls: strictObject(fileOrEnv('ca')).optional(),
  scope: z.array(ScopeEntry).default([]),
  conftool2git: strictObject({ host: Text, port: Port }).optional(),
  confctl: strictObject({
    command: Text.default('confctl'),
    configFile: Text.default('/etc/conftool/config.yaml'),
    schemaFile: Text.default('/etc/conftool/schema.yaml'),
  }).optional(),
});

const Kubernetes = strictObject({
  clusters: z.record(
    Text,
    strictObject({
      ...fileOrEnv('kubeconfig'),
      ...fileOrEnv('readKubeconfig'),
      context: Text.optional(),
      inCluster: z.boolean().default(false),
      allowExec: z.boolean().default(false),
    }),
  ),
  deployments: z.record(
    Text,
    strictObject({
      namespace: Text,
      deployment: Text,
      min: z.int().min(0),
      max: z.int().min(1),
      service: Text.optional(),
      helmfile: strictObject({ file: Text, key: Text }).optional(),
      rpsPerPod: z.number().positive().optional(),
      deadline: Duration.optional(),
    }),
  ),
});

const Pattern = z.string().transform((text, context): RegExp => {
  try {
    return new RegExp(text);
  } catch {
    context.addIssue({ code: 'custom', message: `'${text}' is no regular expression` });
    return z.NEVER;
  }
});

/** `sluice.yaml`, whole: also the sections whose features come later, so that a file is right or wrong once and for all. */
export const FileSchema = strictObject({
  irc: Irc.optional(),
  slack: Slack.optional(),
  sal: Sal,
  redis: Redis.optional(),
  ...fileOrEnv('signingKey'),
  conftool: Conftool,
  kubernetes: Kubernetes.optional(),
  catalogue: Text,
  groups: z.record(Text, Pattern).default({}),
  dependencies: z.array(strictObject({ hosts: Text, of: Text })).optional(),
  loadBalancers: z
    .object({ takeUp: Duration.optional() })
    .catchall(z.array(strictObject({ name: Text, url: HttpUrl })))
    .optional(),
  probes: strictObject({
    mode: z.enum(['require', 'warn', 'off']).optional(),
    connectTo: z.array(Text).optional(),
    ...fileOrEnv('ca'),
  }).optional(),
  prometheus: z.record(Text, strictObject({ url: Url, requests: Text })).optional(),
  migrations: Text.optional(),
  people: Text,
  policy: Text,
  http: strictObject({
    host: Text.default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(8630),
    workerPort: z.int().min(0).max(65_535).optional(),
  }).optional(),
  stateDir: Text.default('/var/lib/sluice'),
  retention: Duration.prefault('90d'),
});

/** Of `sluice.yaml` only where its state is. */
export const StateDirSchema = z.looseObject({ stateDir: FileSchema.shape.stateDir });

/** `sluice.yaml` as written, with defaults. */
export type FileContent = z.output<typeof FileSchema>;

function hasUserinfo(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}
