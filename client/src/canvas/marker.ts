/** The arrow that says "you". Knows no frame: it is told where to point. */

const BOB_MS = 900; // one bounce: calm, but seen from the corner of the eye
const FADE_MS = 400;

export interface Spot {
  x: number;
  top: number;
  bottom: number;
}

/** Paint the arrow above `spot` (below, where there is no room). `left_ms` until it is gone. */
export function paintMarker(
  c: CanvasRenderingContext2D,
  spot: Spot,
  label: string,
  height: number,
  now: number,
  left_ms: number,
  still: boolean,
): void {
  const unit = Math.max(10, height * 0.026);
  const bob = still ? 0 : Math.abs(Math.sin((now / BOB_MS) * Math.PI)) * unit * 0.9;
  const above = spot.top > unit * 6;
  const way = above ? -1 : 1;
  const tip = (above ? spot.top : spot.bottom) + way * (unit * 0.8 + bob);

  c.save();
  c.globalAlpha = Math.min(1, Math.max(0, left_ms / FADE_MS));
  c.shadowColor = 'rgba(0, 0, 0, 0.45)';
  c.shadowBlur = unit * 0.8;
  c.fillStyle = '#ffffff';
  c.beginPath();
  c.moveTo(spot.x, tip);
  c.lineTo(spot.x - unit, tip + way * unit * 1.15);
  c.lineTo(spot.x + unit, tip + way * unit * 1.15);
  c.closePath();
  c.fill();

  c.font = `700 ${unit * 1.35}px "Figtree Variable", system-ui, sans-serif`;
  c.textAlign = 'center';
  c.textBaseline = 'middle';
  const width = c.measureText(label).width + unit * 1.6;
  const middle = tip + way * unit * 2.15;
  c.beginPath();
  c.roundRect(spot.x - width / 2, middle - unit * 1.1, width, unit * 2.2, unit * 1.1);
  c.fill();
  c.shadowColor = 'transparent';
  c.fillStyle = '#14181b';
  c.fillText(label, spot.x, middle + unit * 0.06);
  c.restore();
}
