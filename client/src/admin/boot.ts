/** What the page began with. */

import type { Boot } from './said.ts';

let read: Boot | null = null;

export const boot = (): Boot =>
  (read ??= JSON.parse(document.getElementById('igym')?.textContent || '{}') as Boot);

/** Whether somebody with these rights may do that to anything at all; the server decides. */
export const may = (right: string): boolean => boot().rights.includes(right);
