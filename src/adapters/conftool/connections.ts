import { Client } from 'undici';

/** Connections to one endpoint at once: what a batch of writes can use, and far below what etcd stands. */
const MOST = 16;
/** A server that is there accepts at once; one whose machine is off says nothing at all, and there may be another. */
export const CONNECT_MS = 1000;
/** A bot is asked for nothing for hours: it keeps its connections as long as the server does. */
const KEEP_MS = 600_000;

/** A keep-alive connection, made when it is first needed and again when it has ended. It carries one request at a time, and what is sent behind that. */
export class Connection {
  readonly client: Client;
  private stands = false;
  private carried = false;

  constructor(endpoint: string, ca: string | undefined) {
    this.client = new Client(endpoint, {
      connect: { timeout: CONNECT_MS, ...(ca === undefined ? {} : { ca }) },
      keepAliveTimeout: KEEP_MS,
      // A write, and the read behind it.
      pipelining: 2,
      // Who asks gives each request a time of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.client.on('connect', () => {
      this.stands = true;
      this.carried = false;
    });
    this.client.on('disconnect', () => (this.stands = false));
  }

  /** Where it does, a request is sent at once. */
  get isThere(): boolean {
    return this.stands;
  }

  /** Told of each request, just before it is sent. @returns whether there was one before: when it fails then, that may tell of the connection only. */
  carry(): boolean {
    const before = this.carried;
    this.carried = true;
    return before;
  }
}

/** The connections to one endpoint. Who finds none waits for one. */
export class Connections {
  readonly endpoint: string;
  private readonly ca: string | undefined;
  private readonly all = new Set<Connection>();
  private readonly idle: Connection[] = [];
  private readonly waiting = new Set<(connection: Connection) => void>();

  /** @param ca PEM of the authority that signed the server's certificate; undefined trusts the system's. */
  constructor(endpoint: string, ca: string | undefined) {
    this.endpoint = endpoint;
    this.ca = ca;
  }

  /** @returns to be called by whoever does not want to wait for it any longer. */
  take(use: (connection: Connection) => void): () => void {
    const connection = this.idle.pop() ?? (this.all.size < MOST ? this.make() : undefined);
    if (connection === undefined) this.waiting.add(use);
    else use(connection);
    return () => void this.waiting.delete(use);
  }

  /** The connection has nothing in flight. */
  giveBack(connection: Connection): void {
    if (this.all.has(connection) && !this.handOn(connection)) this.idle.push(connection);
  }

  /** Ends it: it may still have something in flight, which nobody waits for. */
  discard(connection: Connection): void {
    if (!this.all.delete(connection)) return;
    // Not while the client tells of the end of what was in flight: it has more to tell then.
    queueMicrotask(() => void connection.client.destroy());
    if (this.waiting.size > 0) this.handOn(this.make());
  }

  /** What is in flight fails. */
  close(): void {
    for (const { client } of this.all) void client.destroy();
    this.all.clear();
    this.idle.length = 0;
  }

  private make(): Connection {
    const connection = new Connection(this.endpoint, this.ca);
    this.all.add(connection);
    return connection;
  }

  private handOn(connection: Connection): boolean {
    const [next] = this.waiting;
    if (next === undefined) return false;
    this.waiting.delete(next);
    next(connection);
    return true;
  }
}
