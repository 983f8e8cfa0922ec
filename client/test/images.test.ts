import { describe, expect, it } from 'vitest';
import { Images, type Fetching, type Loaded } from '../src/canvas/images.ts';

const image = (url: string) => ({ url, width: 8, height: 4 }) as unknown as Loaded;
const atlas = {
  frames: { up: { frame: { x: 1, y: 2, w: 3, h: 4 } } },
  meta: { image: 'cooks.png' },
};

/** A server that has these, and fails so often before it gives one. */
function server(fails = 0) {
  const asked: string[] = [];
  const give = async <T>(url: string, what: T): Promise<T> => {
    asked.push(url);
    if (url.includes('gone') || asked.filter((one) => one === url).length <= fails)
      throw new Error(`${url}: 503`);
    return what;
  };
  const fetching: Fetching = {
    image: (url) => give(url, image(url)),
    json: (url) => give(url, atlas),
    wait: () => Promise.resolve(),
  };
  return { asked, images: new Images('/assets/abc/', fetching) };
}

describe('loading', () => {
  it('says how far it is and asks for each file once', async () => {
    const { asked, images } = server();
    const told: number[] = [];
    const missing = await images.load(['k/cooks.json', 'k/cooks.png', 'sky.webp'], (n) =>
      told.push(n),
    );
    expect(told).toEqual([1, 2, 3]);
    expect(missing).toEqual([]);
    expect(asked.sort()).toEqual([
      '/assets/abc/k/cooks.json',
      '/assets/abc/k/cooks.png',
      '/assets/abc/sky.webp',
    ]);
  });

  it('tries again, and gives up on what does not come without keeping the rest', async () => {
    const { asked, images } = server(2);
    expect(await images.load(['a.png', 'gone.png'], () => undefined)).toEqual(['gone.png']);
    expect(images.sprite('a.png', '')).toBeDefined();
    expect(asked.filter((url) => url.endsWith('gone.png'))).toHaveLength(3);
  });
});

describe('a sprite', () => {
  it('is a plain image, whole', async () => {
    const { images } = server();
    expect(images.sprite('sky.png', '')).toBeUndefined();
    await images.load(['sky.png'], () => undefined);
    expect(images.sprite('sky.png', '')?.cut).toMatchObject({ x: 0, w: 8, h: 4 });
  });

  it('is a part of the image beside its atlas', async () => {
    const { images } = server();
    await images.load(['k/cooks.json'], () => undefined);
    const found = images.sprite('k/cooks.json', 'up');
    expect(found?.source).toMatchObject({ url: '/assets/abc/k/cooks.png' });
    expect(found?.cut).toMatchObject({ x: 1, y: 2, w: 3, h: 4 });
    expect(images.sprite('k/cooks.json', 'sideways')).toBeUndefined();
  });
});
