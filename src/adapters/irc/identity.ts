interface Known {
  readonly account: string | undefined;
  readonly channels: ReadonlySet<string>;
}

/**
 * Who is behind a nick, from the server's own notices: the fallback where messages carry no account tag. Somebody who shares no channel with us
 * any more is forgotten, since the server then no longer tells what becomes of them. Dropped with the connection.
 */
export class Identity {
  private readonly people = new Map<string, Known>();
  private readonly fold: (name: string) => string;

  /** @param fold makes names equal that the server holds equal. Asked at each use: the server tells how only after its welcome. */
  constructor(fold: (name: string) => string) {
    this.fold = fold;
  }

  /** From JOIN and WHO. An account of `''`, `*`, `0` or `false` means: not logged in. */
  enter(nick: string, channel: string, account: string | false | undefined): void {
    const channels = new Set(this.people.get(this.fold(nick))?.channels).add(this.fold(channel));
    this.people.set(this.fold(nick), { account: accountName(account), channels });
  }

  /** From ACCOUNT: somebody in a channel of ours logged in or out. */
  set(nick: string, account: string | false | undefined): void {
    const known = this.people.get(this.fold(nick));
    if (known !== undefined) this.people.set(this.fold(nick), { ...known, account: accountName(account) });
  }

  rename(from: string, to: string): void {
    const known = this.people.get(this.fold(from));
    if (known === undefined) return;
    this.people.delete(this.fold(from));
    this.people.set(this.fold(to), known);
  }

  /** From PART and KICK. */
  leave(nick: string, channel: string): void {
    const known = this.people.get(this.fold(nick));
    if (known === undefined) return;
    const channels = new Set(known.channels);
    channels.delete(this.fold(channel));
    if (channels.size === 0) this.people.delete(this.fold(nick));
    else this.people.set(this.fold(nick), { ...known, channels });
  }

  /** From QUIT. */
  forget(nick: string): void {
    this.people.delete(this.fold(nick));
  }

  accountOf(nick: string): string | undefined {
    return this.people.get(this.fold(nick))?.account;
  }
}

/** What the server says of an account, as the name or undefined. */
export function accountName(said: string | false | undefined): string | undefined {
  return said === undefined || said === false || ['', '*', '0'].includes(said) ? undefined : said;
}
