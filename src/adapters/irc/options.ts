/** What the IRC side is opened with. Times in milliseconds. */
export interface IrcOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: false | { readonly ca: string | undefined };
  readonly nick: string;
  /** PLAIN by name and password, or EXTERNAL by a client certificate (PEM). */
  readonly account:
    | { readonly kind: 'plain'; readonly name: string; readonly password: string }
    | { readonly kind: 'external'; readonly cert: string; readonly key: string };
  readonly channels: readonly string[];
  readonly rate: { readonly burst: number; readonly everyMs: number };
  /** Answer to CTCP VERSION. */
  readonly version: string;
  readonly bounds: IrcBounds;
  readonly now: () => number;
}

/** How long things may take on IRC. */
export interface IrcBounds {
  /** From connecting to being ready; a server whose services hang never says so. */
  readonly readyWithinMs: number;
  /** The first wait before a new try; it doubles up to `backoffMostMs`. */
  readonly backoffFirstMs: number;
  readonly backoffMostMs: number;
  /** The wait after a wrong password: trying again soon only locks the account. */
  readonly backoffAuthMs: number;
  /** After this time of health the backoff begins anew. */
  readonly healthyAfterMs: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  /** How long a line may go without its echo. */
  readonly echoWithinMs: number;
  readonly quitWithinMs: number;
  /** While somebody else holds our nick: how often services are asked for it. */
  readonly regainEveryMs: number;
  /** Lines that may wait for their turn. */
  readonly mostWaiting: number;
}

/** What production runs with. */
export const IRC_BOUNDS: IrcBounds = {
  readyWithinMs: 30_000,
  backoffFirstMs: 2000,
  backoffMostMs: 300_000,
  backoffAuthMs: 300_000,
  healthyAfterMs: 60_000,
  pingEveryMs: 20_000,
  pingTimeoutMs: 60_000,
  echoWithinMs: 5000,
  quitWithinMs: 1000,
  regainEveryMs: 30_000,
  mostWaiting: 1000,
};
