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
  /** Of each question that is still open: the nicks of which something was told since it was asked. */
  private readonly open = new Set<Set<string>>();

  /** @param fold makes names equal that the server holds equal. Asked at each use: the server tells how only after its welcome. */
  constructor(fold: (name: string) => string) {
    this.fold = fold;
  }

  /** From JOIN. An account of `''`, `*`, `0` or `false` means: not logged in. */
  enter(nick: string, channel: string, account: string | false | undefined): void {
    this.told(nick);
    this.place(nick, channel, accountName(account));
  }

  /**
   * WHO is asked now; call what is returned with the answer. Its lines are older than the end of it: of whom something was told meanwhile, that counts. An
   * undefined account means that the server's answers have no accounts; then what was known stays.
   */
  ask(channel: string): (users: readonly { readonly nick: string; readonly account?: string }[]) => void {
    const told = new Set<string>();
    this.open.add(told);
    return (users) => {
      if (!this.open.delete(told)) return;
      for (const { nick, account } of users) {
        if (told.has(this.fold(nick))) continue;
        this.place(nick, channel, account === undefined ? this.accountOf(nick) : accountName(account));
      }
    };
  }

  /** From ACCOUNT: somebody in a channel of ours logged in or out. */
  set(nick: string, account: string | false | undefined): void {
    const known = this.people.get(this.fold(nick));
    this.told(nick);
    if (known !== undefined) this.people.set(this.fold(nick), { ...known, account: accountName(account) });
  }

  rename(from: string, to: string): void {
    const known = this.people.get(this.fold(from));
    this.told(from);
    this.told(to);
    this.people.delete(this.fold(from));
    // Whoever had the name before is not the one who has it now.
    if (known === undefined) this.people.delete(this.fold(to));
    else this.people.set(this.fold(to), known);
  }

  /** From PART and KICK. */
  leave(nick: string, channel: string): void {
    const known = this.people.get(this.fold(nick));
    this.told(nick);
    if (known === undefined) return;
    const channels = new Set(known.channels);
    channels.delete(this.fold(channel));
    if (channels.size === 0) this.people.delete(this.fold(nick));
    else this.people.set(this.fold(nick), { ...known, channels });
  }

  /** From QUIT. */
  forget(nick: string): void {
    this.told(nick);
    this.people.delete(this.fold(nick));
  }

  /** The server does not tell of everybody any more: what was known may be wrong by the next line, and by the time that it tells again. */
  forgetAll(): void {
    this.people.clear();
    this.open.clear();
  }

  isIn(nick: string, channel: string): boolean {
    return this.people.get(this.fold(nick))?.channels.has(this.fold(channel)) === true;
  }

  accountOf(nick: string): string | undefined {
    return this.people.get(this.fold(nick))?.account;
  }

  private place(nick: string, channel: string, account: string | undefined): void {
    const channels = new Set(this.people.get(this.fold(nick))?.channels).add(this.fold(channel));
    this.people.set(this.fold(nick), { account, channels });
  }

  private told(nick: string): void {
    for (const nicks of this.open) nicks.add(this.fold(nick));
  }
}

/** What the server says of an account, as the name or undefined. */
export function accountName(said: string | false | undefined): string | undefined {
  return said === undefined || said === false || ['', '*', '0'].includes(said) ? undefined : said;
}
