import { CfnInferenceComponent, type CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { ScalableTarget } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Construct } from 'constructs';
import { START_TIMEOUTS } from '../hosting/instances.js';
import type { ComponentsPlan } from '../hosting/plan.js';
import { scaleCopies } from '../hosting/scaling.js';

interface RerankerComponentProps {
  readonly componentName: string;
  readonly endpoint: CfnEndpoint;
  readonly variantName: string;
  readonly modelName: string;
  readonly plan: ComponentsPlan;
  /** Which of the plan's models it runs. */
  readonly index: number;
  readonly rollbackAlarmNames: readonly string[];
}

/** Copies of one model on the instances of an endpoint, scaled by themselves. */
export class RerankerComponent extends Construct {
  readonly cfnInferenceComponent: CfnInferenceComponent;
  readonly scalableTarget: ScalableTarget;

  constructor(scope: Construct, id: string, props: RerankerComponentProps) {
    super(scope, id);
    const { plan, index, rollbackAlarmNames } = props;
    this.cfnInferenceComponent = new CfnInferenceComponent(this, 'Component', {
      inferenceComponentName: props.componentName,
      endpointName: props.endpoint.attrEndpointName,
      variantName: props.variantName,
      specification: {
        modelName: props.modelName,
        computeResourceRequirements: {
          numberOfCpuCoresRequired: plan.vcpus,
          minMemoryRequiredInMb: plan.memoryMib[index]!,
        },
        startupParameters: START_TIMEOUTS,
      },
      // A component cannot be made with no copy: it starts with one, and scaling takes it away.
      runtimeConfig: { copyCount: Math.max(1, plan.minCopyCount) },
      deploymentConfig: {
        rollingUpdatePolicy: {
          maximumBatchSize: { type: 'CAPACITY_PERCENT', value: 50 },
          waitIntervalInSeconds: 120,
        },
        autoRollbackConfiguration:
          rollbackAlarmNames.length === 0
            ? undefined
            : { alarms: rollbackAlarmNames.map((alarmName) => ({ alarmName })) },
      },
    });
    this.scalableTarget = scaleCopies(this, props.componentName, {
      min: plan.minCopyCount,
      max: plan.maxCopyCount[index]!,
      concurrencyPerCopy: plan.concurrencyPerCopy,
      cooldowns: plan.cooldowns,
    });
    this.scalableTarget.node.addDependency(this.cfnInferenceComponent);
  }
}
