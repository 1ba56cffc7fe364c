import { InvalidArgumentError, Option } from 'commander';
import { WEIGHT_BITS, type WeightBits } from '@sagemaker-reranker/models/build';

/** `--weight-bits`, which `models build` and `models fetch` share. */
export function weightBitsOption(): Option {
  return new Option(
    '--weight-bits <bits>',
    'of int8 weights: 7 for x86 processors without VNNI, where 8 may saturate (default: 8)',
  ).argParser((text): WeightBits => {
    const found = WEIGHT_BITS.find((bits) => String(bits) === text);
    if (found === undefined) throw new InvalidArgumentError(`it must be ${WEIGHT_BITS.join(' or ')}`);
    return found;
  });
}
