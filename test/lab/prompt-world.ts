import type { ChannelView } from './channel-view.ts';
import type { Lab } from './lab.ts';

/** What a typed line may act on. */
export interface PromptWorld {
  readonly lab: Lab;
  readonly view: ChannelView;
  /** Prints a line of the lab's own, not of the channel. */
  readonly tell: (text: string) => void;
}
