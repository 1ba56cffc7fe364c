import { Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { Faults } from '../common/configuration-error.js';
import type { CallSettings } from '../common/container-environment.js';
import { modeOf, type HostingMode } from '../hosting/hosting.js';
import { RerankerEndpointBase } from './endpoint-base.js';
import { grantExchange, inputLocation } from './exchange.js';

/** What must be known of an endpoint that exists, so that callers can call it. */
export interface RerankerEndpointAttributes {
  /** Its name; or give `endpointArn`. */
  readonly endpointName?: string;
  /** Its ARN, also of another account or region. */
  readonly endpointArn?: string;
  /**
   * How it is hosted.
   * @default real-time
   */
  readonly mode?: HostingMode;
  /** Bucket of an asynchronous endpoint, with requests below `input/`. */
  readonly exchangeBucket?: IBucket;
  /** Key that asynchronous answers are encrypted with, where it is not the bucket's own. */
  readonly exchangeKey?: IKey;
  /** Variants that a multi-model endpoint serves: `VARIANT.tar.gz` is their target model. */
  readonly targetModels?: readonly string[];
  /** Names of the inference components by the variant they serve. */
  readonly componentNames?: Readonly<Record<string, string>>;
}

/** An endpoint that exists already. */
export class ImportedEndpoint extends RerankerEndpointBase {
  override readonly endpointName: string;
  override readonly endpointArn: string;
  readonly #attributes: RerankerEndpointAttributes;
  readonly #mode: HostingMode;

  /** @throws ConfigurationError naming what a caller would need to know and is not given. */
  constructor(scope: Construct, id: string, attributes: RerankerEndpointAttributes) {
    const { endpointArn, endpointName } = attributes;
    super(scope, id, { environmentFromArn: endpointArn });
    this.#attributes = attributes;
    this.#mode = attributes.mode ?? 'real-time';
    this.#check();
    const stack = Stack.of(scope);
    this.endpointArn =
      endpointArn ??
      stack.formatArn({
        service: 'sagemaker',
        resource: 'endpoint',
        resourceName: Token.isUnresolved(endpointName) ? endpointName : endpointName!.toLowerCase(),
      });
    this.endpointName = endpointName ?? Arn.split(endpointArn!, ArnFormat.SLASH_RESOURCE_NAME).resourceName!;
    const { partition, account, region } = Arn.split(this.endpointArn, ArnFormat.SLASH_RESOURCE_NAME);
    for (const resourceName of Object.values(attributes.componentNames ?? {})) {
      this.componentArns.push(
        stack.formatArn({
          partition,
          account,
          region,
          service: 'sagemaker',
          resource: 'inference-component',
          resourceName,
        }),
      );
    }
  }

  override grantInvoke(grantee: IGrantable): Grant {
    const { exchangeBucket, exchangeKey } = this.#attributes;
    if (!exchangeBucket) return super.grantInvoke(grantee);
    return grantExchange(grantee, this.endpointArn, exchangeBucket, exchangeKey);
  }

  override callSettings(variant?: string): CallSettings {
    const { exchangeBucket, targetModels, componentNames } = this.#attributes;
    const served = targetModels ?? Object.keys(componentNames ?? {});
    const name = variant ?? served[0];
    const faults = new Faults();
    faults.require(
      variant === undefined || served.includes(variant),
      served.length > 0
        ? `variant is "${variant}"; this endpoint serves ${served.join(', ')}`
        : `variant is "${variant}"; an endpoint of mode ${this.#mode} serves one model, so leave it out`,
    );
    faults.throwIfAny(this.node.path);
    if (componentNames) return { inferenceComponent: componentNames[name!] };
    return modeOf(this.#mode).call({
      endpointName: this.endpointName,
      name: name ?? '',
      inputLocation: exchangeBucket && inputLocation(exchangeBucket),
    });
  }

  #check(): void {
    const { endpointName, endpointArn, exchangeBucket, targetModels, componentNames } = this.#attributes;
    const faults = new Faults();
    faults.require(
      (endpointName === undefined) !== (endpointArn === undefined),
      'give either endpointName or endpointArn',
    );
    this.#needs(faults, 'exchangeBucket', exchangeBucket, 'asynchronous');
    this.#needs(faults, 'targetModels', targetModels?.length, 'multi-model');
    this.#needs(
      faults,
      'componentNames',
      componentNames && Object.keys(componentNames).length,
      'inference-components',
    );
    faults.throwIfAny(this.node.path);
  }

  #needs(faults: Faults, attribute: string, value: unknown, mode: HostingMode): void {
    faults.require(
      this.#mode !== mode || Boolean(value),
      `${attribute} is missing; an endpoint of mode ${mode} cannot be called without it`,
    );
    faults.require(
      this.#mode === mode || value === undefined,
      `${attribute} belongs to an endpoint of mode ${mode}; this one is ${this.#mode}`,
    );
  }
}
