/** Redis takes no more than about 8000 values in one call from a script. */
const MOST_VALUES = 1000;

type Word = 'heads' | 'text-is' | 'field-in' | 'field-there' | 'no-text' | 'no-key' | 'no-member' | 'ranked';
type Effect =
  | 'HSET'
  | 'HDEL'
  | 'HINCRBY'
  | 'INCR'
  | 'RPUSH'
  | 'LPUSH'
  | 'LREM'
  | 'LTRIM'
  | 'ZADD'
  | 'ZREM'
  | 'ZREMRANGEBYSCORE'
  | 'ZREMRANGEBYRANK'
  | 'SADD'
  | 'SREM'
  | 'SET'
  | 'DEL'
  | 'PEXPIRE'
  | 'PUBLISH'
  /** Nothing: the answer names the first of a list. */
  | 'HEAD'
  /** Appends to a list what is not in it yet. */
  | 'JOIN';

/** One change under construction: guards that must all hold, then effects in this order. */
export interface Change {
  guard(word: Word, key: string, ...args: readonly string[]): number;
  effect(effect: Effect, key: string, ...args: readonly (string | number)[]): void;
  /** Sets fields of a hash; a field that is undefined is deleted. */
  fields(key: string, fields: Readonly<Record<string, string | undefined>>): void;
  /** The effects that `add` adds happen only when the key does not exist. */
  unlessKey(key: string, add: () => void): void;
  readonly keys: readonly string[];
  /** For the script. */
  json(): string;
}

/** A guard or an effect: a word, the number of its key, its arguments. */
type Words = readonly [word: string, key: number, ...args: readonly string[]];

/** @param answer the key whose hash the script answers with. */
export function newChange(answer: string): Change {
  const keys = [answer];
  const guards: Words[] = [];
  const effects: Words[] = [];
  const numberOf = (key: string): number => {
    const known = keys.indexOf(key);
    return known < 0 ? keys.push(key) : known + 1;
  };
  const words = (word: string, key: string, args: readonly (string | number)[]): Words => [
    word,
    numberOf(key),
    ...args.map((arg) => String(arg).toWellFormed()),
  ];
  const effect: Change['effect'] = (name, key, ...args) => {
    effects.push(words(name, key, args));
  };
  return {
    keys,
    guard: (word, key, ...args) => guards.push(words(word, key, args)),
    effect,
    fields: (key, fields) => {
      const entries = Object.entries(fields);
      const set = entries.flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
      const gone = entries.flatMap(([field, value]) => (value === undefined ? [field] : []));
      for (let at = 0; at < set.length; at += MOST_VALUES)
        effect('HSET', key, ...set.slice(at, at + MOST_VALUES));
      if (gone.length > 0) effect('HDEL', key, ...gone);
    },
    unlessKey: (key, add) => {
      const place = effects.length;
      add();
      effects.splice(place, 0, words('UNLESS-KEY', key, [effects.length - place]));
    },
    json: () => JSON.stringify([guards, effects]),
  };
}
