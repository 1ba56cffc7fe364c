import { Resource } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';

/** What callers of an endpoint that answers at once may do: whole answers and response streams are actions of their own. */
export const INVOKE = ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'];

/** What an endpoint made here and one that exists already have in common. */
export abstract class RerankerEndpointBase extends Resource implements IEndpoint {
  abstract readonly endpointName: string;
  abstract readonly endpointArn: string;

  get endpointRef(): IEndpoint['endpointRef'] {
    return { endpointArn: this.endpointArn };
  }

  /** Lets a principal invoke this endpoint and no other. */
  grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: INVOKE,
      resourceArns: [this.endpointArn],
    });
  }
}
