import type { Sluice } from '../app/sluice.ts';
import type { SharedVoice } from '../app/voice.ts';
import type { Chat } from '../ports/chat.ts';

/** The networks that this process is on, as long as it is to be there. */
export interface Attendance {
  /** Resolves when every network is ready, or another process is on it in our place. */
  readonly ready: Promise<void>;
  /** Resolves as soon as one is. */
  readonly first: Promise<void>;
  /** To be called when the voice has come or gone. @param holder who has it in our place. */
  voiceChanged(speaks: boolean, holder: string | undefined): void;
}

/**
 * Joins every network: at once where there may be several of us, and with the voice where there may be one. Each time that a network is back, what was left
 * unsaid is said.
 *
 * @param voice undefined for a process that shares it with nobody.
 */
export function attend(chats: readonly Chat[], sluice: Sluice, voice: SharedVoice | undefined): Attendance {
  const readied = new Map(chats.map((chat) => [chat, promised()]));
  const busy = new Map<Chat, Promise<void>>();
  const join = (chat: Chat): void => {
    chat.start(
      (event) => sluice.hear(event),
      (state) => {
        sluice.chatChanged(chat, state);
        if (state === 'ready') readied.get(chat)?.resolve();
      },
    );
  };
  // One after the other: it has left before it comes again.
  const inTurn = (chat: Chat, act: () => void | Promise<void>): void => {
    busy.set(chat, (busy.get(chat) ?? Promise.resolve()).then(act));
  };
  const single = voice === undefined ? [] : chats.filter(({ oneVoice }) => oneVoice === true);
  for (const chat of chats) if (!single.includes(chat)) join(chat);
  let isThere = false;
  const ready = [...readied.values()].map(({ promise }) => promise);
  return {
    ready: Promise.all(ready).then(() => undefined),
    first: ready.length === 0 ? Promise.resolve() : Promise.any(ready),
    voiceChanged: (speaks, holder) => {
      if (holder !== undefined) for (const chat of single) readied.get(chat)?.resolve();
      if (speaks === isThere) return;
      isThere = speaks;
      if (!speaks) sluice.outbox.forget();
      for (const chat of single)
        inTurn(chat, () => {
          if (speaks) join(chat);
          else return chat.close();
        });
      if (speaks) void sluice.sayWhatIsStored();
    },
  };
}

function promised(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
