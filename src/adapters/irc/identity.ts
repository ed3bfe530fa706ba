/** Who is behind a nick, from the server's own notices: the fallback where messages carry no account tag. Dropped with the connection. */
export class Identity {
  private readonly accounts = new Map<string, string | undefined>();
  private readonly fold: (nick: string) => string;

  /** @param fold makes nicks equal that the server holds equal. */
  constructor(fold: (nick: string) => string) {
    this.fold = fold;
  }

  /** From JOIN, ACCOUNT and WHO. `''`, `*`, `0`, `false` mean: not logged in. */
  set(nick: string, account: string | false | undefined): void {
    const known =
      account === undefined || account === false || ['', '*', '0'].includes(account) ? undefined : account;
    this.accounts.set(this.fold(nick), known);
  }

  rename(from: string, to: string): void {
    const account = this.accounts.get(this.fold(from));
    this.accounts.delete(this.fold(from));
    this.accounts.set(this.fold(to), account);
  }

  forget(nick: string): void {
    this.accounts.delete(this.fold(nick));
  }

  accountOf(nick: string): string | undefined {
    return this.accounts.get(this.fold(nick));
  }

  /** Everybody known: nick as folded, and account. */
  all(): readonly { readonly nick: string; readonly account: string | undefined }[] {
    return [...this.accounts].map(([nick, account]) => ({ nick, account }));
  }
}

/** Folds nicks by the server's CASEMAPPING. */
export function foldBy(casemapping: string | boolean | undefined): (nick: string) => string {
  const ascii = (nick: string): string => nick.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (casemapping === 'ascii') return ascii;
  const strict = casemapping === 'rfc1459-strict';
  return (nick) =>
    ascii(nick).replace(/[[\]\\^]/g, (sign) =>
      sign === '^' ? (strict ? '^' : '~') : ({ '[': '{', ']': '}', '\\': '|' }[sign] ?? sign),
    );
}
