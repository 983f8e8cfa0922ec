/**
 * An atlas: which part of an image each frame is. Pure. The server has refused what cannot be
 * read (igym/services/packages/gallery.py), so this is only the way from JSON to numbers.
 */

/** A part of an image, and where it lies in the whole sprite (which was trimmed). In pixels. */
export interface Cut {
  x: number;
  y: number;
  w: number;
  h: number;
  left: number;
  top: number;
  whole_w: number;
  whole_h: number;
}

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

interface Listed {
  filename?: string;
  frame: Box;
  spriteSourceSize?: Box;
  sourceSize?: { w: number; h: number };
}

export interface AtlasFile {
  frames: Record<string, Listed> | Listed[];
  meta: { image: string };
}

export const whole = (w: number, h: number): Cut => ({
  ...{ x: 0, y: 0, w, h },
  ...{ left: 0, top: 0, whole_w: w, whole_h: h },
});

export function cuts(file: AtlasFile): Map<string, Cut> {
  const listed: [string, Listed][] = Array.isArray(file.frames)
    ? file.frames.map((one) => [one.filename ?? '', one])
    : Object.entries(file.frames);
  return new Map(
    listed.map(([name, { frame, spriteSourceSize: at, sourceSize: full }]) => [
      name,
      {
        ...{ x: frame.x, y: frame.y, w: frame.w, h: frame.h },
        ...{ left: at?.x ?? 0, top: at?.y ?? 0 },
        ...{ whole_w: full?.w ?? frame.w, whole_h: full?.h ?? frame.h },
      },
    ]),
  );
}
