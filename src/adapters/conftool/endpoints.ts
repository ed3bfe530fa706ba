import { Connections } from './connections.ts';
import type { Call, Exchange } from './exchange.ts';
import { exchange } from './exchange.ts';

/** What the connection needs. */
export interface EndpointOptions {
  /** `http://127.0.0.1:2379`, in the order to try. */
  readonly endpoints: readonly string[];
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** PEM of the authority that signed the servers' certificates; undefined trusts the system's. */
  readonly ca: string | undefined;
}

/**
 * Keep-alive HTTP to several endpoints. A call goes to the endpoint that answered last. The next one is tried when the call has certainly not been
 * sent, and, if it only reads, when there was no answer: a write that may have arrived is never sent a second time.
 */
export class Endpoints {
  private readonly options: EndpointOptions;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly connections: readonly Connections[];
  private current = 0;

  constructor(options: EndpointOptions) {
    this.options = options;
    this.headers = authorization(options.credentials);
    this.connections = options.endpoints.map((endpoint) => new Connections(endpoint, options.ca));
  }

  get names(): readonly string[] {
    return this.options.endpoints;
  }

  /** @returns what the endpoint said that answered; else what tells most of why none did. */
  async call(call: Call): Promise<Exchange> {
    const { connections } = this;
    const first = this.current;
    let result: Exchange = { kind: 'not-sent', cause: 'no endpoint' };
    for (let tries = 0; tries < connections.length; tries++) {
      const index = (first + tries) % connections.length;
      const endpoint = connections[index];
      if (endpoint === undefined) continue;
      const tried = await this.callOne(endpoint, call);
      if (tried.kind === 'answer') {
        this.current = index;
        return tried;
      }
      if (tried.kind === 'no-answer' && call.form !== undefined) return tried;
      if (tried.kind === 'no-answer' && call.isWait === true && tried.why === 'timeout') return tried;
      // Some of it was told already: whoever wants more asks for what comes after that.
      if (tried.kind === 'no-answer' && call.onLine !== undefined && tried.begun) return tried;
      // A server that is silent tells more than one that is off.
      if (tried.kind === 'no-answer' || result.kind === 'not-sent') result = tried;
    }
    return result;
  }

  /** Ends the connections; calls in flight fail. */
  close(): void {
    for (const one of this.connections) one.close();
  }

  private async callOne(connections: Connections, call: Call): Promise<Exchange> {
    const { headers } = this;
    const tried = await exchange({ connections, headers }, call);
    // A kept connection that the server had ended tells nothing of the server. Only a read may be repeated: a write could have got through.
    const mayRepeat = call.form === undefined && call.onLine === undefined;
    if (tried.kind !== 'no-answer' || tried.why !== 'cut' || !tried.usedBefore || !mayRepeat) return tried;
    const fresh = new Connections(connections.endpoint, this.options.ca);
    const again = await exchange({ connections: fresh, headers }, call);
    fresh.close();
    return again;
  }
}

function authorization(credentials: EndpointOptions['credentials']): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
