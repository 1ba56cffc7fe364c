import { CostError } from '../errors.js';
import { didYouMean } from '../near-matches.js';
import {
  haswell,
  c5,
  m5,
  iceLake,
  sapphireRapids,
  graviton2,
  graviton3,
  graviton4,
  type Processor,
} from './processors.js';

export type CpuArchitecture = 'x86_64' | 'arm64';

/** A CPU instance type that SageMaker hosts endpoints on. */
export interface InstanceType {
  /** For example `ml.c7i.xlarge`. */
  readonly name: string;
  readonly family: string;
  readonly architecture: CpuArchitecture;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Burstable types cannot be registered with Application Auto Scaling. */
  readonly burstable: boolean;
  /** Whether batch transform runs on it as well. */
  readonly batchTransform: boolean;
}

interface Family {
  readonly architecture: CpuArchitecture;
  readonly gibPerVcpu: number;
  readonly sizes: string;
  readonly processor: Processor;
  /** First size that batch transform takes; absent when it takes none of the family. */
  readonly batchFrom?: string;
}

const gravitonTo3 = 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge';
const fromGraviton4 = 'medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge';
const intel6 = 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge';
const intel7 = 'large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge';
const intel5c = 'large xlarge 2xlarge 4xlarge 9xlarge 18xlarge';
const intel5m = 'large xlarge 2xlarge 4xlarge 12xlarge 24xlarge';

const x86 = (gibPerVcpu: number, sizes: string, processor: Processor, batchFrom?: string): Family => ({
  architecture: 'x86_64',
  gibPerVcpu,
  sizes,
  processor,
  batchFrom,
});
const arm = (gibPerVcpu: number, sizes: string, processor: Processor): Family => ({
  architecture: 'arm64',
  gibPerVcpu,
  sizes,
  processor,
});

/**
 * CPU families and sizes of the SageMaker API's `ProductionVariantInstanceType` and `TransformInstanceType`
 * enumerations (botocore 1.44 service model). GPU and accelerator families are left out: the container runs on CPUs.
 */
const FAMILIES: Readonly<Record<string, Family>> = {
  t2: x86(2, 'medium large xlarge 2xlarge', haswell),
  c4: x86(1.875, 'large xlarge 2xlarge 4xlarge 8xlarge', haswell, 'xlarge'),
  c5: x86(2, intel5c, c5, 'xlarge'),
  c5d: x86(2, intel5c, c5),
  c6i: x86(2, intel6, iceLake, 'large'),
  c6in: x86(2, intel6, iceLake),
  c7i: x86(2, intel7, sapphireRapids, 'large'),
  m4: x86(4, 'xlarge 2xlarge 4xlarge 10xlarge 16xlarge', haswell, 'xlarge'),
  m5: x86(4, intel5m, m5, 'large'),
  m5d: x86(4, intel5m, m5),
  m6i: x86(4, intel6, iceLake, 'large'),
  m7i: x86(4, intel7, sapphireRapids, 'large'),
  r5: x86(8, intel5m, m5),
  r5d: x86(8, intel5m, m5),
  r6i: x86(8, intel6, iceLake, 'large'),
  r7i: x86(8, intel7, sapphireRapids, 'large'),
  c6g: arm(2, gravitonTo3, graviton2),
  c6gd: arm(2, gravitonTo3, graviton2),
  c6gn: arm(2, gravitonTo3, graviton2),
  c7g: arm(2, gravitonTo3, graviton3),
  c8g: arm(2, fromGraviton4, graviton4),
  m6g: arm(4, gravitonTo3, graviton2),
  m6gd: arm(4, gravitonTo3, graviton2),
  m8g: arm(4, fromGraviton4, graviton4),
  r6g: arm(8, gravitonTo3, graviton2),
  r6gd: arm(8, gravitonTo3, graviton2),
  r7gd: arm(8, `medium ${gravitonTo3}`, graviton3),
  r8g: arm(8, fromGraviton4, graviton4),
};

/** Sizes whose vCPUs or memory do not follow from the name. */
const IRREGULAR: Readonly<Record<string, { readonly vcpus: number; readonly gib: number }>> = {
  't2.medium': { vcpus: 2, gib: 4 },
  't2.large': { vcpus: 2, gib: 8 },
  't2.xlarge': { vcpus: 4, gib: 16 },
  't2.2xlarge': { vcpus: 8, gib: 32 },
  'c4.8xlarge': { vcpus: 36, gib: 60 },
};

/**
 * Facts of an instance type.
 * @throws CostError for a name that is no CPU hosting type, with the nearest ones or the families or sizes that are.
 */
export function instanceType(name: string): InstanceType {
  const [, family = '', size = ''] = /^ml\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(name) ?? [];
  const known = FAMILIES[family];
  if (!known) {
    const families = `it must be ml.FAMILY.SIZE with a family of ${Object.keys(FAMILIES).join(', ')}`;
    throw new CostError(
      `instanceType "${name}" is no CPU type that SageMaker hosts on; ${families}${near(name)}`,
    );
  }
  const sizes = known.sizes.split(' ');
  if (!sizes.includes(size)) {
    throw new CostError(
      `instanceType "${name}" has no such size; ml.${family} comes in ${sizes.join(', ')}${near(name)}`,
    );
  }
  const vcpus = IRREGULAR[`${family}.${size}`]?.vcpus ?? vcpusOf(size);
  return {
    name,
    family,
    architecture: known.architecture,
    vcpus,
    memoryMib: (IRREGULAR[`${family}.${size}`]?.gib ?? vcpus * known.gibPerVcpu) * 1024,
    burstable: family.startsWith('t'),
    batchTransform: known.batchFrom !== undefined && sizes.indexOf(size) >= sizes.indexOf(known.batchFrom),
  };
}

/** The processor of an instance type. */
export function processorOf({ family }: Pick<InstanceType, 'family'>): Processor {
  return FAMILIES[family]!.processor;
}

function near(name: string): string {
  const names = Object.entries(FAMILIES).flatMap(([family, { sizes }]) =>
    sizes.split(' ').map((size) => `ml.${family}.${size}`),
  );
  return didYouMean(name, names);
}

/** Every CPU hosting type, family by family, smallest size first. */
export function instanceTypes(): InstanceType[] {
  return Object.entries(FAMILIES).flatMap(([family, { sizes }]) =>
    sizes.split(' ').map((size) => instanceType(`ml.${family}.${size}`)),
  );
}

function vcpusOf(size: string): number {
  if (size === 'medium') return 1;
  if (size === 'large') return 2;
  return 4 * Number(/^(\d*)xlarge$/.exec(size)?.[1] || 1);
}
