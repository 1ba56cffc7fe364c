import { CfnInferenceComponent, type CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { InferenceComponentsHosting } from './hosting.js';
import type { HostingPlan } from './hosting-plan.js';
import { scaleCopies } from './scaling.js';
import type { ScalingTargets } from './scaling-targets.js';

export interface RerankerComponentProps {
  readonly componentName: string;
  readonly endpoint: CfnEndpoint;
  readonly variantName: string;
  readonly modelName: string;
  readonly hosting: InferenceComponentsHosting;
  readonly copy: {
    readonly vcpus: number;
    readonly memoryMib: number;
    readonly maxCopyCount: number;
  };
  readonly targets: ScalingTargets;
  readonly startTimeouts: Pick<
    HostingPlan['productionVariant'],
    'containerStartupHealthCheckTimeoutInSeconds' | 'modelDataDownloadTimeoutInSeconds'
  >;
  readonly rollbackAlarmNames: readonly string[];
}

/** Copies of one model on the instances of an endpoint, scaled by themselves. */
export class RerankerComponent extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: RerankerComponentProps) {
    super(scope, id);
    const { hosting, copy } = props;
    const min = hosting.minCopyCount ?? 0;
    const component = new CfnInferenceComponent(this, 'Component', {
      inferenceComponentName: props.componentName,
      endpointName: props.endpoint.attrEndpointName,
      variantName: props.variantName,
      specification: {
        modelName: props.modelName,
        computeResourceRequirements: {
          numberOfCpuCoresRequired: copy.vcpus,
          minMemoryRequiredInMb: copy.memoryMib,
        },
        startupParameters: props.startTimeouts,
      },
      // A component cannot be made with no copy: it starts with one, and scaling takes it away.
      runtimeConfig: { copyCount: Math.max(1, min) },
      deploymentConfig: {
        rollingUpdatePolicy: {
          maximumBatchSize: { type: 'CAPACITY_PERCENT', value: 50 },
          waitIntervalInSeconds: 120,
        },
        autoRollbackConfiguration: {
          alarms: props.rollbackAlarmNames.map((alarmName) => ({ alarmName })),
        },
      },
    });
    const copies = scaleCopies(this, props.componentName, {
      min,
      max: copy.maxCopyCount,
      concurrencyPerCopy: hosting.concurrencyPerCopy ?? props.targets.concurrency,
      cooldowns: hosting.cooldowns,
    });
    copies.node.addDependency(component);
    this.arn = component.ref;
  }
}
