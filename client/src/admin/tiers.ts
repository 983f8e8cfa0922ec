/** Processes by what they do, and the figures of a tier. Knows no page. */

import { plural } from './format.ts';

export interface Process {
  name: string;
  role: string;
  node: string;
  state: string;
  bound: boolean;
  /** Sockets of a web worker, games of a game worker. */
  holds: number;
  /** Share of a core it used lately; null = not known yet. */
  busy: number | null;
  memory: number | null;
  /** Of a game worker: share of its time its loop is busy. */
  load: number | null;
}

export interface Tier {
  role: string;
  label: string;
  members: Process[];
  holds: string;
  /** In cores; null where nobody says. */
  busy: number | null;
  memory: number;
}

/** Roles in the order of a request. [role, what its processes are called, what they hold] */
const ROLES: [string, string, string][] = [
  ['web', 'Web workers', 'socket'],
  ['games', 'Game workers', 'game'],
  ['inference', 'Inference workers', ''],
  ['director', 'Directors', ''],
  ['checks', 'Checks workers', ''],
];

export function tiers(all: readonly Process[]): Tier[] {
  const roles = [...ROLES];
  for (const { role } of all)
    if (!roles.some(([known]) => known === role)) roles.push([role, role, '']);
  return roles
    .map(([role, label, what]) => {
      const members = all.filter((one) => one.role === role);
      const holds = members.reduce((sum, one) => sum + one.holds, 0);
      const known = members.filter((one) => one.busy !== null);
      return {
        role,
        label,
        members,
        holds: what ? plural(holds, what) : '',
        busy: known.length ? known.reduce((sum, one) => sum + (one.busy ?? 0), 0) : null,
        memory: members.reduce((sum, one) => sum + (one.memory ?? 0), 0),
      };
    })
    .filter((tier) => tier.members.length > 0);
}

/** The end of the step within which `share` of all lies; what is above the last is twice that. */
export function quantile(
  bounds: readonly number[],
  counts: readonly number[],
  share: number,
): number | null {
  const all = counts.reduce((a, b) => a + b, 0);
  if (!all) return null;
  let so_far = 0;
  for (const [at, count] of counts.entries()) {
    so_far += count;
    if (so_far >= share * all) return bounds[at] ?? (bounds.at(-1) ?? 0) * 2;
  }
  return null;
}
