/** A view whose screen is being built. */

import type { Screen } from './screen.ts';
import type { View } from '../wire.gen.ts';
import { skeleton } from './skeleton.ts';

export const pending: Screen<View> = () => ({
  root: skeleton(),
  update: () => undefined,
  close: () => undefined,
});
