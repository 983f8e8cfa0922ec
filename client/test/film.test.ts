import { expect, it } from 'vitest';
import { Film, type Bitmap } from '../src/canvas/film.ts';

/** A decoder that is done when the test says so. */
function studio() {
  const closed: string[] = [];
  const work: { done: (name: string) => Promise<void>; broken: () => Promise<void> }[] = [];
  const film = new Film(
    () =>
      new Promise<Bitmap>((resolve, reject) => {
        const settled = () => new Promise<void>((then) => setTimeout(then));
        work.push({
          done(name) {
            resolve({ name, close: () => closed.push(name) } as unknown as Bitmap);
            return settled();
          },
          broken() {
            reject(new Error('no JPEG'));
            return settled();
          },
        });
      }),
  );
  return { film, work, closed };
}

it('shows a picture once it is decoded, and says of which tick it is', async () => {
  const { film, work } = studio();
  film.develop(new ArrayBuffer(1), 0, 4);
  expect(film.picture).toBeUndefined();
  expect(film.seen(0, 4)).toBe(-1);
  await work[0]?.done('four');
  expect(film.picture).toMatchObject({ name: 'four' });
  film.develop(new ArrayBuffer(1), 0, 6);
  expect(film.seen(0, 6)).toBe(4);
  await work[1]?.done('six');
  expect(film.seen(0, 7)).toBe(7); // nothing changed since
});

it('never goes back to an older picture that was decoded later', async () => {
  const { film, work, closed } = studio();
  film.develop(new ArrayBuffer(1), 0, 1);
  film.develop(new ArrayBuffer(1), 0, 2);
  await work[1]?.done('two');
  await work[0]?.done('one');
  expect(film.picture).toMatchObject({ name: 'two' });
  expect(closed).toEqual(['one']);
});

it('does not decode again what a frame left unchanged', () => {
  const { film, work } = studio();
  const jpeg = new ArrayBuffer(1);
  film.develop(jpeg, 0, 1);
  film.develop(jpeg, 0, 2);
  expect(work).toHaveLength(1);
});

it('a picture of the last episode is not one of this', async () => {
  const { film, work } = studio();
  film.develop(new ArrayBuffer(1), 0, 90);
  await work[0]?.done('end');
  film.develop(new ArrayBuffer(1), 1, 0);
  expect(film.seen(1, 0)).toBe(-1);
});

it('a broken picture is skipped, and everything is given back at the end', async () => {
  const { film, work, closed } = studio();
  film.develop(new ArrayBuffer(1), 0, 1);
  await work[0]?.broken();
  expect(film.seen(0, 1)).toBe(1);
  film.develop(new ArrayBuffer(1), 0, 2);
  await work[1]?.done('two');
  film.develop(new ArrayBuffer(1), 0, 3);
  film.stop();
  await work[2]?.done('three');
  expect(closed).toEqual(['two', 'three']);
  expect(film.picture).toBeUndefined();
});
