import type * as S3 from '@aws-sdk/client-s3';
import { AccessDeniedError, ValidationError } from '../errors/index.js';
import { fromAws } from './sagemaker-errors.js';

/** Objects by their `s3://bucket/key` URI: where an asynchronous endpoint reads its requests and writes its answers. */
export interface ObjectStore {
  put(uri: string, body: Uint8Array, contentType: string, signal: AbortSignal): Promise<void>;
  /** The object; undefined while there is none. */
  get(uri: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  close?(): void;
}

/** A client of `@aws-sdk/client-s3`, whose types a caller without it need not have. */
export interface S3ClientLike {
  readonly send: (...args: never[]) => unknown;
  readonly destroy: () => void;
}

const URI = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** @throws ValidationError when it is no `s3://bucket` or `s3://bucket/key` */
export function parseS3Uri(uri: string, path: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key = ''] = URI.exec(uri) ?? [];
  if (bucket !== undefined) return { bucket, key };
  const message = `must be an S3 URI such as s3://bucket/prefix, not "${uri}"`;
  throw new ValidationError(`${path} ${message}`, [{ path, message }]);
}

/** Objects in S3, through `@aws-sdk/client-s3`, an optional peer that is loaded when it is first used. */
export class S3ObjectStore implements ObjectStore {
  readonly #given: S3.S3Client | undefined;
  readonly #region: string | undefined;
  #loaded: Promise<{ readonly sdk: typeof S3; readonly s3: S3.S3Client }> | undefined;

  /** @param s3 a client of the caller's; default one for `region`, with the SDK's credential chain */
  constructor(s3?: S3ClientLike, region?: string) {
    this.#region = region;
    this.#given = s3 as S3.S3Client | undefined;
  }

  async put(uri: string, body: Uint8Array, contentType: string, signal: AbortSignal): Promise<void> {
    const { bucket, key } = parseS3Uri(uri, 'uri');
    try {
      const { sdk, s3 } = await this.#load();
      const command = new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: contentType,
      });
      await s3.send(command, { abortSignal: signal });
    } catch (error) {
      throw fromAws(error, `s3://${bucket}`);
    }
  }

  async get(uri: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { bucket, key } = parseS3Uri(uri, 'uri');
    try {
      const { sdk, s3 } = await this.#load();
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key });
      const output = await s3.send(command, { abortSignal: signal });
      return await output.Body?.transformToByteArray();
    } catch (error) {
      if ((error as { readonly name?: unknown } | null)?.name === 'NoSuchKey') return undefined;
      const mapped = fromAws(error, `s3://${bucket}`);
      if (!AccessDeniedError.isInstance(mapped)) throw mapped;
      throw new AccessDeniedError(
        `${mapped.message} (without s3:ListBucket, S3 says this of an object that does not exist yet, too)`,
        { cause: error },
      );
    }
  }

  close(): void {
    if (this.#given) return;
    this.#loaded?.then(
      ({ s3 }) => s3.destroy(),
      () => undefined,
    );
  }

  #load(): Promise<{ readonly sdk: typeof S3; readonly s3: S3.S3Client }> {
    this.#loaded ??= import('@aws-sdk/client-s3').then(
      (sdk) => ({
        sdk,
        s3:
          this.#given ?? new sdk.S3Client({ maxAttempts: 3, ...(this.#region && { region: this.#region }) }),
      }),
      (cause: unknown) => {
        throw new ValidationError(
          'asynchronous endpoints need the package @aws-sdk/client-s3: install it beside this one',
          [],
          { cause },
        );
      },
    );
    return this.#loaded;
  }
}
