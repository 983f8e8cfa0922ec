/**
 * Shapes on a Canvas 2D. Knows no frame, clock or socket: it is given things and paints them.
 *
 * Coordinates as in igym/sim/draw.py: x and widths relative to the stage's width, y and
 * heights to its height, radii, line widths and text sizes to its height.
 */

import { GRID, type KINDS } from '../wire.gen.ts';
import type { Cut } from './atlas.ts';
import type { Thing } from './frames.ts';

/** What is painted from elsewhere than the thing itself; undefined while it is not there. */
export interface Sources {
  sprite(image: string, frame: string): { source: CanvasImageSource; cut: Cut } | undefined;
  picture(): CanvasImageSource | undefined;
}

type Kind = (typeof KINDS)[number];
type Paint = (c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number) => void;

const TAU = Math.PI * 2;
const RADIANS = TAU / 10_000; // an angle's unit is 1/10,000 of a turn
const LINE = 40; // of a line without a width, in grid units
const TEXT = 500; // of a text without a size
const FONT = '"Figtree Variable", system-ui, sans-serif';

function finish(c: CanvasRenderingContext2D, it: Thing, sy: number): void {
  if (it.fill) {
    c.fillStyle = it.fill;
    c.fill();
  }
  if (it.stroke && it.line > 0) {
    c.strokeStyle = it.stroke;
    c.lineWidth = it.line * sy;
    c.stroke();
  }
}

/** Run `draw` with the origin at (x, y), turned by the thing's angle. */
function turned(
  c: CanvasRenderingContext2D,
  it: Thing,
  x: number,
  y: number,
  draw: () => void,
): void {
  c.save();
  c.translate(x, y);
  c.rotate(it.angle * RADIANS);
  draw();
  c.restore();
}

function trace(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  c.beginPath();
  const { points } = it;
  for (let i = 0; i + 1 < points.length; i += 2)
    c.lineTo((points[i] ?? 0) * sx, (points[i + 1] ?? 0) * sy);
}

function box(c: CanvasRenderingContext2D, it: Thing, x: number, y: number, sx: number, sy: number) {
  const w = it.w * sx;
  const h = it.h * sy;
  c.beginPath();
  if (it.r > 0) c.roundRect(x, y, w, h, Math.min(it.r * sy, w / 2, h / 2));
  else c.rect(x, y, w, h);
  finish(c, it, sy);
}

function rect(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  if (it.angle === 0) return box(c, it, it.x * sx, it.y * sy, sx, sy);
  const w = it.w * sx;
  const h = it.h * sy;
  turned(c, it, it.x * sx + w / 2, it.y * sy + h / 2, () => box(c, it, -w / 2, -h / 2, sx, sy));
}

function circle(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  c.beginPath();
  c.arc(it.x * sx, it.y * sy, Math.max(0, it.r * sy), 0, TAU);
  finish(c, it, sy);
}

function ellipse(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  const w = Math.abs(it.w * sx) / 2;
  const h = Math.abs(it.h * sy) / 2;
  c.beginPath();
  c.ellipse(it.x * sx, it.y * sy, w, h, it.angle * RADIANS, 0, TAU);
  finish(c, it, sy);
}

function line(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  trace(c, it, sx, sy);
  if (!it.stroke) return;
  c.strokeStyle = it.stroke;
  c.lineWidth = (it.line || LINE) * sy;
  c.stroke();
}

function polygon(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  trace(c, it, sx, sy);
  c.closePath();
  finish(c, it, sy);
}

/** From angle, span clockwise; filled it is the segment between the arc and its chord. */
function arc(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  const from = it.angle * RADIANS;
  const to = from + it.span * RADIANS;
  c.beginPath();
  c.arc(it.x * sx, it.y * sy, Math.max(0, it.r * sy), from, to, it.span < 0);
  finish(c, it, sy);
}

function words(c: CanvasRenderingContext2D, it: Thing, sx: number, sy: number): void {
  c.font = `600 ${(it.size || TEXT) * sy}px ${FONT}`;
  c.textAlign = it.align as CanvasTextAlign;
  c.textBaseline = 'middle';
  c.fillStyle = it.fill || '#ffffff';
  c.fillText(it.text, it.x * sx, it.y * sy);
}

function spriteOf(sources: Sources): Paint {
  return (c, it, sx, sy) => {
    const found = sources.sprite(it.image, it.frame);
    if (!found) return;
    const { source, cut } = found;
    const [w, h] = [it.w * sx, it.h * sy];
    const [kx, ky] = [w / cut.whole_w, h / cut.whole_h];
    turned(c, it, it.x * sx + w / 2, it.y * sy + h / 2, () => {
      if (it.flip) c.scale(-1, 1);
      c.globalAlpha = it.opacity / GRID;
      const [left, top] = [cut.left * kx - w / 2, cut.top * ky - h / 2];
      c.drawImage(source, cut.x, cut.y, cut.w, cut.h, left, top, cut.w * kx, cut.h * ky);
    });
  };
}

function pictureOf(sources: Sources): Paint {
  return (c, it, sx, sy) => {
    const found = sources.picture();
    if (found) c.drawImage(found, it.x * sx, it.y * sy, it.w * sx, it.h * sy);
  };
}

/** By kind number; a kind of a newer server is not painted and is not an error. */
export function painters(
  kinds: readonly Kind[],
  sources: Sources,
): (thing: Thing) => Paint | undefined {
  // Every kind the wire knows has a way to be painted, or this does not compile.
  const paints: Record<Kind, Paint> = {
    rect,
    circle,
    ellipse,
    line,
    polygon,
    arc,
    text: words,
    sprite: spriteOf(sources),
    picture: pictureOf(sources),
  };
  const table = kinds.map((kind) => paints[kind]);
  return (thing) => table[thing.kind];
}

/** Pixels for one grid unit, along x and along y. */
export const scale = (width: number, height: number): [number, number] => [
  width / GRID,
  height / GRID,
];

/** The box around a thing, in pixels: what an arrow should point at. */
export function bounds(it: Thing, sx: number, sy: number) {
  const ends = it.points;
  if (ends.length > 1) {
    const xs = ends.filter((_, i) => i % 2 === 0).map((x) => x * sx);
    const ys = ends.filter((_, i) => i % 2 === 1).map((y) => y * sy);
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    return { x: (left + right) / 2, top: Math.min(...ys), bottom: Math.max(...ys) };
  }
  const [x, y] = [it.x * sx, it.y * sy];
  if (it.r > 0 && it.w === 0) return { x, top: y - it.r * sy, bottom: y + it.r * sy };
  if (it.kind === 0 || it.image) return { x: x + (it.w * sx) / 2, top: y, bottom: y + it.h * sy };
  const half = (it.h || it.size || TEXT) * sy * 0.5;
  return { x, top: y - half, bottom: y + half };
}
