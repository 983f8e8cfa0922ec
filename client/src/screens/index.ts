/** Which view is shown by which screen. */

import { end } from './end.ts';
import { lazy } from './lazy.ts';
import { lobby } from './lobby.ts';
import { page } from './page.ts';
import { pending } from './pending.ts';
import type { Screens } from './screen.ts';

export const loadGame = () => import('./game.ts').then((module) => module.game);
const loadSurvey = () => import('./survey.ts').then((module) => module.survey);

export const screens: Screens = {
  screening: pending,
  page,
  lobby,
  choice: pending,
  end,
  game: lazy(loadGame),
  survey: lazy(loadSurvey),
};
