/** What somebody dropped or chose, as one ZIP to send: a ZIP, or the folder of a package. */

import { belongs, zip, type Entry } from './zip.ts';

/** Something that cannot be a package, in words for whoever dropped it. */
export class NoPackage extends Error {}

export interface Parcel {
  name: string;
  zip: Blob;
}

/** A ZIP that is one already, or the files of a folder. Throws `NoPackage`. */
export async function parcel(files: readonly File[], mostMb: number): Promise<Parcel> {
  const [first] = files;
  if (!first) throw new NoPackage('Nothing was dropped that can be read.');
  if (files.length === 1 && first.name.toLowerCase().endsWith('.zip')) {
    fits(first.size, mostMb);
    return { name: first.name, zip: first };
  }
  return packed(
    files.map((file) => [file.webkitRelativePath || file.name, file]),
    mostMb,
  );
}

/** What was dropped: folders are walked through. */
export async function ofDrop(drop: DataTransfer, mostMb: number): Promise<Parcel> {
  // Entries have to be asked for before the first await: then the drop is over.
  const entries = [...drop.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...drop.files];
  const folder = entries.find((entry) => entry?.isDirectory);
  if (!folder) return parcel(files, mostMb);
  const found: [string, File][] = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return packed(found, mostMb);
}

async function packed(found: readonly [string, File][], mostMb: number): Promise<Parcel> {
  const mine = found.filter(([name]) => belongs(name));
  if (!mine.some(([name]) => name.split('/').at(-1) === 'experiment.toml'))
    throw new NoPackage(
      'There is no experiment.toml in it, so it is not a package. Drop the folder that igym submit would send, or a ZIP of it.',
    );
  fits(
    mine.reduce((sum, [, file]) => sum + file.size, 0),
    mostMb,
  );
  const entries: Entry[] = await Promise.all(
    mine.map(async ([name, file]) => ({ name, data: new Uint8Array(await file.arrayBuffer()) })),
  );
  const name = mine[0]?.[0].split('/')[0] ?? 'package';
  return { name, zip: zip(entries) };
}

function fits(bytes: number, mostMb: number): void {
  if (bytes > mostMb * 1e6)
    throw new NoPackage(
      `It has ${Math.ceil(bytes / 1e6)} MB, and the server takes ${mostMb}. Leave out what the study does not need, or raise max_package_mb.`,
    );
}

async function walk(entry: FileSystemEntry, found: [string, File][]): Promise<void> {
  const name = entry.fullPath.replace(/^\//, '');
  if (!belongs(name)) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) =>
      (entry as FileSystemFileEntry).file(done, fail),
    );
    found.push([name, file]);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a hundred at a time, and nothing once it is through.
    const some = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (some.length === 0) return;
    for (const one of some) await walk(one, found);
  }
}
