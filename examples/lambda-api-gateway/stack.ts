// A CDK app: the endpoint, the function beside it, and an HTTP API before the function.
import { RerankerEndpoint } from '@sagemaker-reranker/infra';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';

const app = new App();
const stack = new Stack(app, 'RerankedSearch');
const endpoint = new RerankerEndpoint(stack, 'Reranker', { hosting: { mode: 'real-time' } });
const search = new NodejsFunction(stack, 'Search', {
  entry: 'examples/lambda-api-gateway/handler.ts',
  runtime: Runtime.NODEJS_22_X,
  architecture: Architecture.ARM_64,
  timeout: Duration.seconds(10),
  environment: { RERANKER_ENDPOINT_NAME: endpoint.endpointName },
});
endpoint.grantInvoke(search);
// Callers sign their requests: a search that anybody may call is a bill that anybody may write.
const api = new HttpApi(stack, 'Api', { defaultAuthorizer: new HttpIamAuthorizer() });
api.addRoutes({
  path: '/search',
  methods: [HttpMethod.POST],
  integration: new HttpLambdaIntegration('Handler', search),
});
new CfnOutput(stack, 'Url', { value: `${api.apiEndpoint}/search` });
