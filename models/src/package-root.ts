import { existsSync } from 'node:fs';
import path from 'node:path';
import { version } from '../package.json';

/** Root of the package that the file at hand belongs to, in its sources and in dist/. */
export function packageRoot(directory: string): string {
  for (let place = directory; ; place = path.dirname(place)) {
    if (existsSync(path.join(place, 'package.json'))) return place;
    if (path.dirname(place) === place) throw new Error(`no package.json above ${directory}`);
  }
}

/** A compiled file beside the one at hand: where it lies when built or bundled, and in dist/ when run from the sources. */
export function builtFile(directory: string, name: string): string {
  const beside = path.join(directory, name);
  if (existsSync(beside)) return beside;
  const root = packageRoot(directory);
  return path.join(root, 'dist', path.relative(path.join(root, 'src'), directory), name);
}

/** Name and version of this project, as manifests record them. */
export function packageVersion(): { readonly name: string; readonly version: string } {
  return { name: 'sagemaker-reranker', version };
}

/** Directory of the model that ships: in its package, or beside the image's bundles. */
export function embeddedModelDirectory(): string {
  for (let place = __dirname; ; place = path.dirname(place)) {
    if (existsSync(path.join(place, 'embedded', 'manifest.json'))) return path.join(place, 'embedded');
    if (path.dirname(place) === place) throw new Error(`no embedded model above ${__dirname}`);
  }
}
