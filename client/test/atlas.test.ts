import { expect, it } from 'vitest';
import { cuts, whole } from '../src/canvas/atlas.ts';

const at = { x: 8, y: 0, w: 4, h: 6 };
const plain = { x: 8, y: 0, w: 4, h: 6, left: 0, top: 0, whole_w: 4, whole_h: 6 };

it('reads frames by name and as a list', () => {
  const meta = { image: 'cooks.png' };
  expect(cuts({ frames: { up: { frame: at } }, meta }).get('up')).toEqual(plain);
  expect(cuts({ frames: [{ filename: 'up', frame: at }], meta }).get('up')).toEqual(plain);
});

it('puts a trimmed frame where it was before it was trimmed', () => {
  const trimmed = {
    frame: at,
    spriteSourceSize: { x: 2, y: 1, w: 4, h: 6 },
    sourceSize: { w: 10, h: 8 },
  };
  const cut = cuts({ frames: { up: trimmed }, meta: { image: 'a.png' } }).get('up');
  expect(cut).toEqual({ ...plain, left: 2, top: 1, whole_w: 10, whole_h: 8 });
});

it('takes a plain image whole', () => {
  expect(whole(4, 6)).toEqual({ ...plain, x: 0 });
});
