import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
}

/** A registry of the packages packed from this clone; npm asks it for this project's scope, and its usual one for all else. */
export class PackedRegistry {
  readonly #server: Server;
  readonly #directory: string;
  readonly #packed: readonly Packed[];

  private constructor(server: Server, directory: string, packed: readonly Packed[]) {
    this.#server = server;
    this.#directory = directory;
    this.#packed = packed;
  }

  /**
   * Packs every package into `directory` as the release does, and serves them. What is built is not built again: other suites
   * start processes from it at this moment.
   */
  static async start(directory: string): Promise<PackedRegistry> {
    mkdirSync(directory, { recursive: true });
    execFileSync(process.execPath, [path.join(root, 'scripts/packages.mjs')], { stdio: 'inherit' });
    const { workspaces } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      workspaces: string[];
    };
    const published = workspaces.filter((room) => room !== 'bench');
    const packed = JSON.parse(
      execFileSync(
        'npm',
        ['pack', ...published.flatMap((room) => ['-w', room]), '--json', '--pack-destination', directory],
        {
          cwd: root,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      ),
    ) as Packed[] | Record<string, Packed>;
    const server = createServer();
    const registry = new PackedRegistry(server, directory, Object.values(packed));
    server.on('request', (request, response) => {
      const name = decodeURIComponent(request.url!.slice(1));
      const body = name.endsWith('.tgz') ? registry.#tarball(name) : registry.#packument(name);
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return registry;
  }

  /** Names of all packages that are published. */
  get names(): readonly string[] {
    return this.#packed.map(({ name }) => name);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Path of a package's archive. */
  archive(name: string): string {
    return path.join(this.#directory, this.#find(name)!.filename);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #find(name: string): Packed | undefined {
    return this.#packed.find((one) => one.name === name);
  }

  #tarball(name: string): Buffer | undefined {
    return readdirSync(this.#directory).includes(name)
      ? readFileSync(path.join(this.#directory, name))
      : undefined;
  }

  /** What a registry says of a package; source: the npm registry's package metadata. */
  #packument(name: string): string | undefined {
    const packed = this.#find(name);
    if (packed === undefined) return undefined;
    const archive = readFileSync(path.join(this.#directory, packed.filename));
    const manifest = JSON.parse(
      execFileSync('tar', ['-xzOf', '-', 'package/package.json'], { input: archive, encoding: 'utf8' }),
    ) as Record<string, unknown>;
    const dist = {
      tarball: `${this.url}${packed.filename}`,
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    };
    return JSON.stringify({
      name,
      'dist-tags': { latest: packed.version },
      versions: { [packed.version]: { ...manifest, dist } },
    });
  }
}
