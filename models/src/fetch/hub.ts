import type * as HubLibrary from '@huggingface/hub';
import type { HubApiError, PathInfo } from '@huggingface/hub';
import { ModelError } from '../errors.js';

export interface HubOptions {
  /** Base URL of the hub or of a mirror. Default: `HF_ENDPOINT`, else the public hub. */
  readonly endpoint?: string;
  /** Access token for gated and private repositories. Default: `HF_TOKEN`. */
  readonly token?: string;
}

/** A repository file at one commit, as the hub's metadata describe it. */
export interface RemoteFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of large files, in hexadecimal; the hub knows the others by their git blob id alone. */
  readonly sha256?: string;
  /** Git blob id, SHA-1 in hexadecimal, of files that are not large. */
  readonly blob?: string;
  readonly url: string;
}

/** What this project needs of the model hub. */
export class Hub {
  readonly #client: typeof HubLibrary;
  readonly #token: string | undefined;

  private constructor(
    readonly endpoint: string,
    client: typeof HubLibrary,
    token: string | undefined,
  ) {
    this.#client = client;
    this.#token = token;
  }

  static async open(options: HubOptions = {}): Promise<Hub> {
    const client = await import('@huggingface/hub');
    const { HF_ENDPOINT, HF_TOKEN } = process.env;
    const endpoint = (options.endpoint || HF_ENDPOINT || client.HUB_URL).replace(/\/+$/, '');
    return new Hub(endpoint, client, options.token || HF_TOKEN || undefined);
  }

  /** Headers of a request to the hub itself; a redirect to another host drops them. */
  get headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /**
   * The commit a branch, tag or commit id stands for.
   * @throws ModelError `hub_unreachable`, `hub_refused`, `hub_not_found`, `hub_limited`.
   */
  async commit(repository: string, revision: string): Promise<string> {
    const info = await this.#asking(`${repository} at ${revision}`, () =>
      this.#client.modelInfo({ name: repository, revision, additionalFields: ['sha'], ...this.#settings }),
    );
    return info.sha;
  }

  /** Those of `paths` that the repository has at a commit. */
  async files(repository: string, commit: string, paths: readonly string[]): Promise<RemoteFile[]> {
    const infos = await this.#asking(`files of ${repository}`, () =>
      this.#client.pathsInfo({ repo: repository, revision: commit, paths: [...paths], ...this.#settings }),
    );
    return infos
      .filter(({ type }) => type === 'file')
      .map((info: PathInfo) => ({
        path: info.path,
        bytes: info.lfs?.size ?? info.size,
        ...(info.lfs ? { sha256: info.lfs.oid } : { blob: info.oid }),
        url: `${this.endpoint}/${repository}/resolve/${commit}/${info.path}`,
      }));
  }

  get #settings() {
    return {
      hubUrl: this.endpoint,
      // The library takes tokens of one form only; mirrors have others.
      fetch: ((url, init) =>
        fetch(url, {
          ...init,
          headers: { ...(init?.headers as object), ...this.headers },
        })) as typeof fetch,
    };
  }

  async #asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const status = (error as Partial<HubApiError>).statusCode;
      throw status === undefined ? unreachable(this.endpoint, error) : refusal(status, what, this.endpoint);
    }
  }
}

/** @param file what was wanted, where that is a file */
export function unreachable(endpoint: string, cause: unknown, file?: string): ModelError {
  const reason = (cause as Error).cause ?? cause;
  const why = (reason as { code?: string }).code ?? (reason as Error).message.replace(/\s+/g, ' ');
  const what = file === undefined ? '' : ` for ${file}`;
  return new ModelError(
    'hub_unreachable',
    `${new URL(endpoint).origin} cannot be reached${what} (${why}): set HF_ENDPOINT to a mirror, or name a directory with the files: --from DIR`,
    undefined,
    { cause },
  );
}

/** The error for a hub's answer that is no success. */
export function refusal(status: number, what: string, endpoint: string): ModelError {
  const from = `${new URL(endpoint).origin} answered ${status} for ${what}`;
  if (status === 401 || status === 403) {
    return new ModelError(
      'hub_refused',
      `${from}: it is private, gated or not there; set HF_TOKEN to a token that may read it`,
    );
  }
  if (status === 404) return new ModelError('hub_not_found', `${from}: check the name and the revision`);
  if (status === 429)
    return new ModelError('hub_limited', `${from}: too many requests; try later, or set HF_TOKEN`);
  return new ModelError('hub_unreachable', `${from}: try again later, or set HF_ENDPOINT to a mirror`);
}
