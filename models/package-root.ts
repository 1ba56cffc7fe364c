import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Root of this package, whether it runs from its sources or from dist/: it holds the embedded model and the container's files. */
export function packageRoot(): string {
  let directory = __dirname;
  while (!existsSync(path.join(directory, 'package.json'))) {
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error(`no package.json above ${__dirname}`);
    directory = parent;
  }
  return directory;
}

/** Name and version of this package, as manifests record them. */
export function packageVersion(): { readonly name: string; readonly version: string } {
  const file = path.join(packageRoot(), 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
}

/** Directory of the model that ships with the package, from the sources, from dist/ and from the image's bundle. */
export function embeddedModelDirectory(): string {
  for (let directory = __dirname; ; directory = path.dirname(directory)) {
    const place = path.join(directory, 'models', 'embedded');
    if (existsSync(path.join(place, 'manifest.json'))) return place;
    if (path.dirname(directory) === directory) throw new Error(`no models/embedded above ${__dirname}`);
  }
}
