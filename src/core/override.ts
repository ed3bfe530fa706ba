/** Guard rails that yield to break-glass when it names them. Identity, scope, compare-and-swap, legal steps and the last of its kind never do. */
export const OVERRIDES = ['floor', 'lock', 'probe', 'budget'] as const;

/** `floor`: the floor, or a load balancer that is silent; `lock`: locks and freeze; `probe`: whether it serves; `budget`: share and limits. */
export type Override = (typeof OVERRIDES)[number];
