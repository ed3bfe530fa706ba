/** What a person rules about an operation, or about all of them. Carried out by the app, bound to the person who said it. */
export type Decision =
  | {
      readonly kind: 'approve' | 'unapprove' | 'deny' | 'cancel' | 'stop' | 'resume' | 'settle';
      readonly id: string;
    }
  | { readonly kind: 'stop-all' }
  | { readonly kind: 'freeze' | 'thaw'; readonly reason: string };
