import { createHash } from 'node:crypto';
import { Token } from 'aws-cdk-lib';

const LONGEST = 63;

/** Name of a model's inference component: the endpoint's and the model's; where too long, with a digest of the whole. */
export function componentName(endpointName: string, model: string): string {
  const name = `${endpointName}-${model}`;
  if (Token.isUnresolved(name) || name.length <= LONGEST) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const kept = endpointName.slice(0, LONGEST - model.length - digest.length - 2).replace(/-$/, '');
  return `${kept}-${digest}-${model}`;
}
