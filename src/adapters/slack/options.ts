/** What the Slack side is opened with. Times in milliseconds. */
export interface SlackOptions {
  readonly botToken: string;
  /** Socket Mode, or a server of our own that Slack posts to (behind a proxy with TLS). */
  readonly mode:
    | { readonly kind: 'socket'; readonly appToken: string }
    | { readonly kind: 'http'; readonly signingSecret: string; readonly host: string; readonly port: number };
  /** Where the Web API is, with a slash at the end. */
  readonly apiUrl: string;
  /** Channel ids. */
  readonly channels: readonly string[];
  /** Role -> id of a user group. */
  readonly groups: Readonly<Record<string, string>>;
  readonly bounds: SlackBounds;
  readonly now: () => number;
}

/** How long things may take on Slack. */
export interface SlackBounds {
  /** One call of the Web API. */
  readonly callMs: number;
  /** From opening a socket to its hello. */
  readonly helloWithinMs: number;
  /** The first wait before a new try; it doubles up to `backoffMostMs`. A socket that lived longer than this is replaced at once. */
  readonly backoffFirstMs: number;
  readonly backoffMostMs: number;
  /** How long what is known of a user counts. */
  readonly userMs: number;
  /** A card is edited for mere progress no oftener than this. */
  readonly editEveryMs: number;
  /** How often a message whose answer was lost is looked for and said again. */
  readonly tries: number;
  /** Between those tries. */
  readonly betweenTriesMs: number;
  /** A message that an earlier process may have said is looked for this long after the start. */
  readonly lookFirstMs: number;
}

/** What production runs with. */
export const SLACK_BOUNDS: SlackBounds = {
  callMs: 10_000,
  helloWithinMs: 15_000,
  backoffFirstMs: 100,
  backoffMostMs: 30_000,
  userMs: 300_000,
  editEveryMs: 2500,
  tries: 4,
  betweenTriesMs: 1000,
  lookFirstMs: 60_000,
};
