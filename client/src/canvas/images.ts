/**
 * The images of a package: loaded once, then found by the names that sprites use.
 * Knows no canvas. How a file is fetched and decoded can be told to it, so it runs in a test.
 */

import { cuts, whole, type AtlasFile, type Cut } from './atlas.ts';

const TRIES = 3;
const AGAIN_MS = 800;

export type Loaded = CanvasImageSource & { width: number; height: number };

/** What `Images` needs of a browser. */
export interface Fetching {
  image(url: string): Promise<Loaded>;
  json(url: string): Promise<unknown>;
  wait(ms: number): Promise<void>;
}

async function got(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

const browser: Fetching = {
  image: async (url) => createImageBitmap(await (await got(url)).blob()),
  json: async (url) => (await got(url)).json(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

interface Atlas {
  image: string;
  cuts: Map<string, Cut>;
}

export class Images {
  private readonly images = new Map<string, Loaded>();
  private readonly atlases = new Map<string, Atlas>();
  private readonly asked = new Map<string, Promise<void>>();

  /** `at` is the address of the folder. */
  constructor(
    private readonly at: string,
    private readonly fetching: Fetching = browser,
  ) {}

  /** Load all of them; `progress` is told after each. Resolves when every one is there or given up. */
  async load(names: readonly string[], progress: (done: number) => void): Promise<string[]> {
    let done = 0;
    const missing: string[] = [];
    await Promise.all(
      names.map(async (name) => {
        await this.one(name).catch(() => missing.push(name));
        progress(++done);
      }),
    );
    return missing;
  }

  /** Where the sprite's pixels are; undefined while they are not there. */
  sprite(image: string, frame: string): { source: Loaded; cut: Cut } | undefined {
    const atlas = this.atlases.get(image);
    const source = this.images.get(atlas ? atlas.image : image);
    const cut = atlas ? atlas.cuts.get(frame) : source && whole(source.width, source.height);
    return source && cut ? { source, cut } : undefined;
  }

  /** Each file once, though an atlas and its image are both in the list. */
  private one(name: string): Promise<void> {
    const before = this.asked.get(name);
    if (before) return before;
    const now = name.endsWith('.json') ? this.atlas(name) : this.image(name);
    this.asked.set(name, now);
    return now;
  }

  private async image(name: string): Promise<void> {
    this.images.set(name, await this.often(() => this.fetching.image(this.at + name)));
  }

  private async atlas(name: string): Promise<void> {
    const file = (await this.often(() => this.fetching.json(this.at + name))) as AtlasFile;
    const image = name.slice(0, name.lastIndexOf('/') + 1) + file.meta.image;
    await this.one(image);
    this.atlases.set(name, { image, cuts: cuts(file) });
  }

  private async often<T>(act: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await act();
      } catch (error) {
        if (tries >= TRIES) throw error;
        await this.fetching.wait(AGAIN_MS * tries);
      }
    }
  }
}
