/**
 * A folder as a ZIP, made in the browser: names, sizes and CRC-32, nothing compressed.
 *
 * Knows no page. What tools leave in a folder is left out, as `igym submit` leaves it out.
 */

export interface Entry {
  /** Relative, with slashes. */
  name: string;
  data: Uint8Array<ArrayBuffer>;
}

/** As igym/services/packages/packing.py has it. */
const SKIPPED = new Set([
  '__pycache__',
  '.git',
  '.venv',
  '.ruff_cache',
  '.mypy_cache',
  '.pytest_cache',
]);

/** Whether a file of that name belongs to the package. */
export const belongs = (name: string): boolean =>
  !name.split('/').some((part) => SKIPPED.has(part));

const CRCS = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

export function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (CRCS[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Bit 11 of the flags: the name is UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980: the time of a file is not part of a package. */
const DATE = 0x0021;

/** The ZIP of those files, in order of their names. */
export function zip(files: readonly Entry[]): Blob {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, data } of sorted) {
    const text = new TextEncoder().encode(name);
    const common = fields([
      [2, 20],
      [2, UTF8],
      [2, 0],
      [2, 0],
      [2, DATE],
      [4, crc32(data)],
      [4, data.length],
      [4, data.length],
      [2, text.length],
      [2, 0],
    ]);
    parts.push(fields([[4, 0x04034b50]]), common, text, data);
    const rest = fields([
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, at],
    ]);
    directory.push(fields([[4, 0x02014b50], [2, 20]]), common, rest, text); // prettier-ignore
    at += 30 + text.length + data.length;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  const end = fields([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, sorted.length],
    [2, sorted.length],
    [4, size],
    [4, at],
    [2, 0],
  ]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

/** Numbers of so many bytes, the low byte first. */
function fields(all: readonly [2 | 4, number][]): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(all.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(made.buffer);
  let at = 0;
  for (const [bytes, value] of all) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return made;
}
