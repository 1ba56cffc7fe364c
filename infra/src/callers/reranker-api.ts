import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IUserPool, IUserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Faults } from '../common/configuration-error.js';
import type { RerankerFunction } from './reranker-function.js';

export interface RerankerApiProps {
  /** The function that answers. */
  readonly function: RerankerFunction;
  /**
   * Who may call: principals of AWS that are granted it, or users of a Cognito pool.
   * @default IAM, see {@link RerankerApi.grantInvoke}
   */
  readonly authorization?:
    | { readonly kind: 'iam' }
    | {
        readonly kind: 'cognito';
        readonly userPool: IUserPool;
        readonly clients?: readonly IUserPoolClient[];
      };
  /**
   * Requests a second, over all callers, before they are refused with 429.
   * @default 50
   */
  readonly requestsPerSecond?: number;
}

/** `POST /rerank` over HTTPS, for callers outside AWS or in a browser; never without authorization. */
export class RerankerApi extends Construct {
  readonly api: HttpApi;
  /** URL of the route. */
  readonly url: string;
  readonly #iam: boolean;

  constructor(scope: Construct, id: string, props: RerankerApiProps) {
    super(scope, id);
    const rate = props.requestsPerSecond ?? 50;
    const faults = new Faults();
    faults.integer('requestsPerSecond', rate, 1, 10_000);
    faults.throwIfAny(`RerankerApi ${this.node.path}`);

    this.#iam = (props.authorization?.kind ?? 'iam') === 'iam';
    this.api = new HttpApi(this, 'Api', {
      description: 'Reranks documents by relevance to a query',
      createDefaultStage: false,
      defaultAuthorizer: authorizer(props.authorization),
    });
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: 2 * rate },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup) },
    });
    this.api.addRoutes({
      path: '/rerank',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Rerank', props.function.function),
    });
    this.url = `${this.api.apiEndpoint}/rerank`;
  }

  /**
   * Lets a principal call the route; with IAM authorization only.
   * @throws Error with Cognito, whose users are not principals.
   */
  grantInvoke(grantee: IGrantable): Grant {
    if (!this.#iam)
      throw new Error(`${this.node.path} authorizes users of a Cognito pool, not IAM principals`);
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [
        Stack.of(this).formatArn({
          service: 'execute-api',
          resource: this.api.apiId,
          resourceName: '$default/POST/rerank',
        }),
      ],
    });
  }
}

function authorizer(authorization: RerankerApiProps['authorization']): IHttpRouteAuthorizer {
  if (authorization?.kind !== 'cognito') return new HttpIamAuthorizer();
  return new HttpUserPoolAuthorizer('Users', authorization.userPool, {
    userPoolClients: authorization.clients && [...authorization.clients],
  });
}
