/** An operation at a glance, as facts: a network that can show more than lines draws it. All text is plain, and may hold foreign text. */
export interface Card {
  /** The id of the operation. */
  readonly id: string;
  /** `pool wikikube-worker1001.eqiad.wmnet in kartotherian-k8s-ssl`. */
  readonly title: string;
  /** In the words of the channel: `waits for 1 approval`, `running`, `done`. */
  readonly status: string;
  /** How it stands, for a colour or a sign beside the words. */
  readonly tone: 'waiting' | 'running' | 'good' | 'bad' | 'over';
  /** Name and value: `asked by`, `moves`, `share`, `approved by`. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** One line each, the newest last: progress and results. */
  readonly lines: readonly string[];
  /** What can be pressed now; the value is the id. */
  readonly buttons: readonly ('approve' | 'deny' | 'cancel' | 'undo')[];
}
