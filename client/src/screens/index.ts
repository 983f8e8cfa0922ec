/** Which view is shown by which screen. */

import { deciding } from './deciding.ts';
import { end } from './end.ts';
import { lazy } from './lazy.ts';
import { lobby } from './lobby.ts';
import { page } from './page.ts';
import { text } from '../text.ts';
import type { Screens } from './screen.ts';

export const loadGame = () => import('./game.ts').then((module) => module.game);
const loadChoice = () => import('./choice.ts').then((module) => module.choice);
/** A form's own sentences come with it. */
const spoken = <T>(screen: Promise<T>): Promise<T> =>
  Promise.all([screen, text.forms()]).then(([found]) => found);
const loadQuiz = () => spoken(import('./quiz.ts').then((module) => module.quiz));
const loadScreening = () => import('./screening.ts').then((module) => module.screening);
const loadSurvey = () => spoken(import('./survey.ts').then((module) => module.survey));

export const screens: Screens = {
  screening: lazy(loadScreening),
  page,
  deciding,
  lobby,
  choice: lazy(loadChoice),
  end,
  game: lazy(loadGame),
  survey: lazy(loadSurvey),
  quiz: lazy(loadQuiz),
};
