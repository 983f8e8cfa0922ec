/**
 * What is on the bench: where the windows begin, in which cells, and how many. Pure, but for
 * remembering it in this tab.
 */

import type { Plan, Scene } from './said.ts';

export interface Setup {
  /** Name of the scene to begin at; "" = where participants begin. */
  scene: string;
  /** How the session ended, where `scene` is the ending. */
  outcome: string;
  /** Treatment -> cell; those left out are drawn. */
  cells: Record<string, string>;
  windows: number;
  bots: number;
}

export const MOST_WINDOWS = 6;

/** The game that is played next from the scene on: how many people it wants. */
export function wanted(plan: Plan, scene: string): number {
  const from = Math.max(
    0,
    plan.scenes.findIndex((each) => each.name === scene),
  );
  const next = plan.scenes.slice(from).find((each) => each.kind === 'play');
  return next?.people ?? 1;
}

/** What a bench begins with: everybody's first scene, and a window for each person of a game. */
export function first(plan: Plan): Setup {
  const windows = Math.min(MOST_WINDOWS, wanted(plan, ''));
  return { scene: '', outcome: 'complete', cells: {}, windows, bots: 0 };
}

/** The setup without what the plan does not have (any more). */
export function fitting(setup: Setup, plan: Plan): Setup {
  const cells = Object.entries(setup.cells).filter(([name, cell]) =>
    plan.treatments.some((t) => t.name === name && t.cells.includes(cell)),
  );
  const known = plan.scenes.some((scene) => scene.name === setup.scene);
  return { ...setup, scene: known ? setup.scene : '', cells: Object.fromEntries(cells) };
}

/** The query by which a window, or a bot, comes to that place. */
export function query(setup: Setup, plan: Plan): Record<string, string> {
  const made: Record<string, string> = { mode: 'preview' };
  if (setup.scene) made['scene'] = setup.scene;
  const scene = plan.scenes.find((each) => each.name === setup.scene);
  if (scene?.kind === 'end') made['outcome'] = setup.outcome;
  for (const [name, cell] of Object.entries(setup.cells)) made[`cell.${name}`] = cell;
  return made;
}

/** Bots that fill the seats which the windows leave empty. */
export function empty(setup: Setup, plan: Plan): number {
  return Math.max(0, wanted(plan, setup.scene) - setup.windows);
}

export const KINDS: Record<Scene['kind'], string> = {
  page: 'page',
  survey: 'questions',
  play: 'game',
  end: 'ending',
};

const key = (experiment: string): string => `igym:${experiment}:bench`;

export function recall(experiment: string, plan: Plan): Setup {
  const text = sessionStorage.getItem(key(experiment));
  if (!text) return first(plan);
  return fitting({ ...first(plan), ...(JSON.parse(text) as Partial<Setup>) }, plan);
}

export function remember(experiment: string, setup: Setup): void {
  sessionStorage.setItem(key(experiment), JSON.stringify(setup));
}
