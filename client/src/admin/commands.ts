/** Commands: how they are sent, and what is said of them. Knows no page. */

import { order, Refused } from './said.ts';

/** As igym/wire/api.py has it. */
export interface Command {
  id: string;
  experiment: string;
  what: string;
  state: State;
  by: string;
  made_ms: number;
  at_ms: number;
  session: string;
  game: string;
  seat: string;
  text: string;
  number: number;
  why: string;
  hint: string;
  read_ms: number;
  batch: string;
}

export type State = 'pending' | 'delivered' | 'acknowledged' | 'done' | 'failed' | 'expired';

/** What is asked for; which fields count depends on `what`. */
export interface Wanted {
  what: string;
  sessions?: string[];
  everybody?: boolean;
  scene?: string;
  game?: string;
  seat?: string;
  text?: string;
  number?: number;
}

/** A name for what is asked for, so that it is done once however often it is sent. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
}

/** Ask for it. Throws `Refused` also where it was understood and could not be. */
export async function give(
  experiment: string,
  formToken: string,
  id: string,
  wanted: Wanted,
): Promise<Command[]> {
  const path = `/admin/commands/${encodeURIComponent(experiment)}.json`;
  const { commands } = await order<{ commands: Command[] }>(path, formToken, { id, ...wanted });
  const failed = commands.filter((one) => one.state === 'failed');
  if (failed.length === commands.length && failed[0])
    throw new Refused(`${failed[0].why} ${failed[0].hint}`.trim());
  return commands;
}

const WHAT: Record<string, string> = {
  message: 'Message',
  remove: 'Remove',
  exclude: 'Exclude',
  include: 'Include again',
  wait: 'Longer wait',
  bench: 'Policy in the seat',
  seat: 'Seat given back',
  pause: 'Pause',
  resume: 'Go on',
  end: 'End the game',
  open: 'Open',
  close: 'Close',
  cap: 'Cap',
  activate: 'Activate',
  retire: 'Retire',
};

export const called = (what: string): string => WHAT[what] ?? what;

/** How far a command is, for people. */
export function stands(one: Command): string {
  if (one.what === 'message') {
    if (one.state === 'pending') return 'waits for their page';
    if (one.state === 'delivered') return 'sent to their page';
    if (one.state === 'acknowledged') return 'on their screen';
    if (one.state === 'done') return 'read';
  }
  if (one.state === 'pending' && one.game) return 'waits for the worker';
  return one.state;
}

/** What was asked for at once, as one: the latest first. */
export interface Batch {
  id: string;
  first: Command;
  all: Command[];
}

export function batches(commands: readonly Command[]): Batch[] {
  const found = new Map<string, Batch>();
  for (const one of commands) {
    const id = one.batch || one.id;
    const known = found.get(id);
    if (known) known.all.push(one);
    else found.set(id, { id, first: one, all: [one] });
  }
  return [...found.values()];
}

/** "8 read, 2 on their screen" */
export function tally(all: readonly Command[]): string {
  const counted = new Map<string, number>();
  for (const one of all) counted.set(stands(one), (counted.get(stands(one)) ?? 0) + 1);
  return [...counted].map(([how, n]) => `${n} ${how}`).join(', ');
}
