import { type Hosting, type ModelFigures } from '@sagemaker-reranker/infra';
import { containerEnvironment } from '../../../infra/src/common/container-environment.js';
import { planHosting } from '../../../infra/src/hosting/hosting.js';
import { SizedModel } from '../../../infra/src/sizing/sizing-table.js';

/** The plan of an endpoint for models of which only the figures are known, and its first variant. */
export function planOf(hosting: Hosting, figures: readonly ModelFigures[]) {
  const plan = planHosting(
    hosting,
    figures.map((model) => new SizedModel(model)),
  );
  const [variant] = plan.variants;
  return { ...plan, ...variant, environment: containerEnvironment(variant.container) };
}
