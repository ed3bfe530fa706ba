import type { FaultPoint } from '../../src/core/fault-point.ts';
import { PEOPLE } from '../lab/world-files.ts';
import type { Chance } from './random.ts';

/** Something that a person types: the line, and the tag that is its reason. */
export interface Ask {
  readonly at: number;
  readonly person: string;
  readonly line: string;
  readonly tag: string;
}

/** What happens in one history, and when: ms after its beginning. */
export interface History {
  readonly name: string;
  /** Objects: path in etcd and what stands there at first. */
  readonly objects: readonly { readonly path: string; readonly text: string }[];
  readonly asks: readonly Ask[];
  /** How long somebody else takes to approve. */
  readonly approveAfterMs: number;
  readonly humanWrites: readonly { readonly at: number; readonly path: string; readonly text: string }[];
}

/** How a life of Sluice goes: what is armed in it, when it is frozen, and how it ends if it has not ended by itself. */
export interface Life {
  readonly faultPoints: string | undefined;
  /** Frozen from then on; undefined when only a fault point may freeze it. */
  readonly freezeAt: number | undefined;
  /** Whatever has frozen it, it goes on then. */
  readonly wakeAt: number;
  readonly end: { readonly at: number; readonly signal: 'SIGKILL' | 'SIGTERM' };
  /** Whether the human changes what it was about to write, each time that it is frozen or dead. */
  readonly humanMeddles: boolean;
}

const SERVICES = ['kartotherian-k8s-ssl', 'kartotherian'] as const;
const TEXTS = [
  '{"weight": 0, "pooled": "inactive"}',
  '{"weight": 10, "pooled": "yes"}',
  '{"weight": 10, "pooled": "no"}',
] as const;
const HOSTS = 4;
/** People have said all by then. */
const TALK_MS = 1500;

const KILLED_AT: readonly [FaultPoint, ...FaultPoint[]] = [
  'after-create',
  'after-vote',
  'before-decision',
  'before-intent',
  'after-intent',
  'after-intent',
  'after-write',
  'after-write',
  'before-finish',
  'after-finish',
  'before-send-log',
  'after-send-log',
];

/** What 1-3 people ask of a few objects that nobody else has, and what a human does to them meanwhile. */
export function planHistory(chance: Chance, number: number): History {
  const hosts = Array.from({ length: HOSTS }, (_, index) => `chaos${String(1000 + number * HOSTS + index)}`);
  const objects = hosts.flatMap((host) =>
    SERVICES.map((service) => ({
      path: `pools/eqiad/maps/${service}/${host}.eqiad.wmnet`,
      text: chance.pick(TEXTS),
    })),
  );
  const people = PEOPLE.slice(0, chance.between(1, PEOPLE.length));
  const asks = Array.from({ length: chance.between(3, 6) }, (_, index) => {
    const tag = `history ${String(number)} wish ${String(index)}`;
    const two = chance.is(40);
    const first = chance.between(0, HOSTS - 2);
    const named = hosts.slice(first, first + (two ? 2 : 1)).join(',');
    const service = chance.pick(SERVICES);
    const verb = chance.pick(['pool', 'depool', 'weight'] as const);
    const weight = verb === 'weight' ? ` ${String(chance.between(1, 50))}` : '';
    return {
      at: chance.between(0, TALK_MS),
      person: people[chance.between(0, people.length - 1)] ?? PEOPLE[0],
      line: `!${verb} ${named} ${service}${weight}`,
      tag,
    };
  });
  // A weight of their own: what the human writes equals nothing that Sluice would write.
  const humanWrites = Array.from({ length: chance.between(1, 5) }, (_, index) => ({
    at: chance.between(200, TALK_MS + 1000),
    path: objects[chance.between(0, objects.length - 1)]?.path ?? '',
    text: JSON.stringify({
      weight: 1000 + number * 10 + index,
      pooled: chance.pick(['yes', 'no', 'inactive'] as const),
    }),
  }));
  return {
    name: `history ${String(number)}`,
    objects,
    asks,
    approveAfterMs: chance.between(0, 300),
    humanWrites,
  };
}

/** Two or three lives, each with its own end. */
export function planLives(chance: Chance): readonly Life[] {
  return Array.from({ length: chance.between(2, 3) }, () => {
    const point = chance.pick(KILLED_AT);
    const act = chance.is(65) ? 'kill' : 'stop';
    const freezeAt = chance.is(25) ? chance.between(200, TALK_MS) : undefined;
    const wakeAt = (freezeAt ?? 0) + chance.between(600, TALK_MS);
    return {
      faultPoints: chance.is(75) ? `${point}=${act}:${String(chance.between(1, 4))}` : undefined,
      freezeAt,
      wakeAt,
      end: { at: wakeAt + chance.between(0, 1500), signal: chance.is(85) ? 'SIGKILL' : 'SIGTERM' },
      humanMeddles: chance.is(50),
    };
  });
}
