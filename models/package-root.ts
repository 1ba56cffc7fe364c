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

/** Path of the model directory that ships with the package. */
export function embeddedModelDirectory(): string {
  return path.join(packageRoot(), 'models', 'embedded');
}
