import type { KubeConfig } from '@kubernetes/client-node';
import { readFileSync, statSync } from 'node:fs';
import { Agent } from 'node:https';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ClusterOptions } from './options.ts';

/** What a request needs: where to, over which connections, as whom. */
export interface Access {
  readonly server: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

const TokenFiles = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().optional() }).nullish() }))
    .default([]),
});

interface Loaded {
  readonly config: KubeConfig;
  readonly modifiedMs: number | undefined;
  /** By user of the file. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** Where a cluster is and who we are there, by a kept library: certificates, tokens, token files, service accounts, programs. */
export class Credentials {
  private readonly options: ClusterOptions;
  private loaded: Loaded | undefined;
  private agent: { readonly agent: Agent; readonly made: string } | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
  }

  /** As of now. @throws with what is wrong with the file, or with a program that it names. */
  async access(): Promise<Access> {
    const config = await this.config();
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error('the kubeconfig names no cluster for this context');
    const user = config.getCurrentUser();
    if (user?.exec !== undefined && user.exec !== null && !this.options.allowExec)
      throw new Error('the kubeconfig wants to run a program for credentials: allowExec: true permits it');
    const headers: Record<string, string> = {};
    const options: RequestOptions = { headers };
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized } = options;
    const token = user === null ? undefined : this.tokenInFile(user.name);
    return {
      server,
      agent: this.agentFor({ ca, cert, key, rejectUnauthorized }),
      headers: token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` },
    };
  }

  close(): void {
    this.agent?.agent.destroy();
  }

  /** Read anew each time: it is replaced while we run. The library knows another spelling of the key. */
  private tokenInFile(userName: string): string | undefined {
    const { kubeconfigFile } = this.options;
    const tokenFile = this.loaded?.tokenFiles.get(userName);
    if (kubeconfigFile === undefined || tokenFile === undefined) return undefined;
    return readFileSync(resolve(dirname(kubeconfigFile), tokenFile), 'utf8').trim();
  }

  /** The library is heavy, and not loaded before it is wanted. */
  private async config(): Promise<KubeConfig> {
    const { kubeconfigFile, kubeconfig, context } = this.options;
    const modifiedMs = kubeconfigFile === undefined ? undefined : statSync(kubeconfigFile).mtimeMs;
    if (this.loaded !== undefined && this.loaded.modifiedMs === modifiedMs) return this.loaded.config;
    const { KubeConfig: Library } = await import('@kubernetes/client-node');
    const config = new Library();
    if (kubeconfigFile !== undefined) config.loadFromFile(kubeconfigFile);
    else if (kubeconfig !== undefined) config.loadFromString(kubeconfig);
    else config.loadFromCluster();
    if (context !== undefined) {
      if (config.getContextObject(context) === null)
        throw new Error(`the kubeconfig has no context ${context}`);
      config.setCurrentContext(context);
    }
    this.loaded = { config, modifiedMs, tokenFiles: tokenFilesOf(kubeconfigFile) };
    return config;
  }

  /** Connections are kept while trust and certificate stay the same. */
  private agentFor(tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>): Agent {
    const made = JSON.stringify(tls);
    if (this.agent?.made === made) return this.agent.agent;
    this.agent?.agent.destroy();
    const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 20 });
    this.agent = { agent, made };
    return agent;
  }
}

function tokenFilesOf(kubeconfigFile: string | undefined): ReadonlyMap<string, string> {
  if (kubeconfigFile === undefined) return new Map();
  const { users } = TokenFiles.parse(parse(readFileSync(kubeconfigFile, 'utf8')));
  return new Map(
    users.flatMap(({ name, user }) =>
      user?.tokenFile === undefined ? [] : [[name, user.tokenFile] as const],
    ),
  );
}
