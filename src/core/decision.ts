/** What a person rules about an operation, or about all of them. Carried out by the app, bound to the person who said it. */
export type Decision =
  | {
      readonly kind: 'approve' | 'unapprove' | 'deny' | 'cancel' | 'stop' | 'resume' | 'settle' | 'reviewed';
      readonly id: string;
    }
  | { readonly kind: 'stop-all' }
  | {
      readonly kind: 'lock';
      readonly service: string;
      readonly reason: string;
      /** Milliseconds; undefined: until somebody unlocks. */
      readonly forMs: number | undefined;
    }
  | { readonly kind: 'unlock'; readonly service: string; readonly reason: string }
  | { readonly kind: 'suspend' | 'unsuspend'; readonly person: string; readonly reason: string }
  | { readonly kind: 'freeze' | 'thaw'; readonly reason: string };
