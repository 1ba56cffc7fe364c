import {
  HOSTING_MODES,
  greatestCount,
  instanceType,
  queueTokens,
  recommendedInstanceType,
  serverlessMemoryMb,
  sizing,
  variantFigures,
} from '@sagemaker-reranker/infra';
import { VARIANT_IDS } from '@sagemaker-reranker/models';

const cases = HOSTING_MODES.flatMap((mode) =>
  VARIANT_IDS.flatMap((variant) =>
    (['int8', 'fp32'] as const).map((precision) => ({
      mode,
      variant,
      model: variantFigures(variant, precision),
      precision,
    })),
  ),
);

test.each(cases)(
  '$variant $precision with $mode is sized whole, from what was measured',
  ({ mode, model }) => {
    const size = sizing(mode, model);
    expect(size.workers).toBeGreaterThanOrEqual(1);
    if ('serverlessMb' in size.place) {
      expect(size.place.serverlessMb).toBe(serverlessMemoryMb(model));
      expect(size.queueTokens).toBe(queueTokens(60, [model], size.place));
      expect(size).toMatchObject({ initialCount: 0, maxCount: 5, workers: 1 });
      return;
    }
    const instance = instanceType(recommendedInstanceType(model));
    const share = mode === 'inference-components' ? 0.5 : 1;
    expect(size).toMatchObject({
      place: { instanceType: instance.name },
      initialCount: 1,
      maxCount: greatestCount(model, { instance }),
      queueTokens: queueTokens(mode === 'asynchronous' ? 900 : 480, [model], { instance }, share),
    });
    expect(size.workers * size.threads!).toBe(share * instance.vcpus);
    expect(size.maxCopyCount).toBe(
      mode === 'inference-components' ? greatestCount(model, { instance }, { share }) : undefined,
    );
  },
);
