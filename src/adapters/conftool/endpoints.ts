import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import type { Call, Exchange, Line } from './exchange.ts';
import { exchange } from './exchange.ts';

/** What the connection needs. */
export interface EndpointOptions {
  /** `http://127.0.0.1:2379`, in the order to try. */
  readonly endpoints: readonly string[];
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** PEM of the authority that signed the servers' certificates; undefined trusts the system's. */
  readonly ca: string | undefined;
}

/** Connections to one endpoint at once: what a batch of writes can use, and far below what etcd stands. */
const CONNECTIONS = 16;

/**
 * Keep-alive HTTP to several endpoints. A call goes to the endpoint that answered last. The next one is tried when the call has certainly not been
 * sent, and, if it only reads, when there was no answer: a write that may have arrived is never sent a second time.
 */
export class Endpoints {
  private readonly options: EndpointOptions;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly http = new HttpAgent({ keepAlive: true, noDelay: true, maxSockets: CONNECTIONS });
  private readonly https = new HttpsAgent({ keepAlive: true, noDelay: true, maxSockets: CONNECTIONS });
  private current = 0;

  constructor(options: EndpointOptions) {
    this.options = options;
    this.headers = authorization(options.credentials);
  }

  get names(): readonly string[] {
    return this.options.endpoints;
  }

  /** @returns what the endpoint said that answered; else what tells most of why none did. */
  async call(call: Call): Promise<Exchange> {
    const { endpoints } = this.options;
    // A connection that the server has just ended must not carry a write, which would be unknown then: the news is let in first.
    if (call.form !== undefined) await setImmediate();
    const first = this.current;
    let result: Exchange = { kind: 'not-sent', cause: 'no endpoint' };
    for (let tries = 0; tries < endpoints.length; tries++) {
      const index = (first + tries) % endpoints.length;
      const tried = await this.callOne(endpoints[index] ?? '', call);
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
    this.http.destroy();
    this.https.destroy();
  }

  private async callOne(endpoint: string, call: Call): Promise<Exchange> {
    const agent = endpoint.startsWith('https:') ? this.https : this.http;
    const line: Line = { endpoint, agent, ca: this.options.ca, headers: this.headers };
    const tried = await exchange(line, call);
    // A kept connection that the server had ended tells nothing of the server. Only a read may be repeated: a write could have got through.
    const mayRepeat = call.form === undefined && call.onLine === undefined;
    if (tried.kind === 'no-answer' && tried.why === 'cut' && tried.usedBefore && mayRepeat)
      return exchange({ ...line, agent: false }, call);
    return tried;
  }
}

function authorization(credentials: EndpointOptions['credentials']): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
