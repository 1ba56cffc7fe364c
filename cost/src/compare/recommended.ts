import type { ModelFigures } from '@sagemaker-reranker/models';
import { instanceType, instanceTypes, processorOf, type InstanceType } from '../hardware/instance-types.js';
import { shippedMeasurements } from '../measurements.js';
import { memoryHeadroom, processesOn } from '../model/memory.js';
import { tokensPerSecond } from '../model/throughput.js';
import { sameModel } from '../model/work.js';
import { shippedPriceBook } from '../price-book/book.js';
import type { HostingOption, Measurement, Question } from '../types.js';
import { PLANNED_UTILISATION, ROUTE_SECONDS } from './assumptions.js';
import { aloneP95, fleetOf, loadOf, type Load } from './fleet.js';
import { instanceOption } from './instance-options.js';
import { parseDuty } from './question.js';
import { cheapestFirst } from './ranking.js';

/** Passages of a request, and tokens of each with its query and the special tokens: p50 44 and p90 149 tokens a passage. */
export const DOCUMENTS_PER_REQUEST = 100;
export const TOKENS_PER_PAIR = 80;
/** More vCPUs are a bill that nobody should get without having asked for it. */
const MOST_VCPUS = 8;

/** The traffic that a deployment is sized for where nothing is said: a request a second, answered within two seconds. */
export function referenceQuestion(model: ModelFigures): Question {
  return {
    model,
    region: 'us-east-1',
    queriesPerSecond: 1,
    documentsPerQuery: DOCUMENTS_PER_REQUEST,
    tokensPerPair: TOKENS_PER_PAIR,
    p95Ms: 2000,
    duty: parseDuty('always'),
  };
}

/**
 * Types that a deployment takes without being asked: those that batch transform runs on too, so that one image serves both, and that
 * compute int8 products exactly, so that other weights need no other type.
 */
export const defaultTypes = (): string[] =>
  instanceTypes()
    .filter((type) => type.batchTransform && type.vcpus <= MOST_VCPUS && processorOf(type).exactInt8)
    .map(({ name }) => name);

const known: { readonly model: ModelFigures; readonly name: string }[] = [];

/**
 * The instance type that a deployment takes where none is named: what the comparison puts first, of real-time hosting on such types,
 * for the reference traffic at the prices that ship, and that carries it with the one instance that a deployment starts with; where
 * there is none, what comes first, and where nothing meets the target, what is nearest to it. Prices that a user has fetched do
 * not count: the same model gets the same template everywhere.
 */
export function recommendedInstanceType(model: ModelFigures): string {
  const found = known.find(
    (each) => sameModel(each.model, model) && each.model.maxLength === model.maxLength,
  );
  if (found) return found.name;
  const name = recommend(model, shippedMeasurements());
  known.push({ model, name });
  return name;
}

/** Whether the one instance that a deployment starts with meets the target. */
export const carriesAlone = ({ meetsTarget, instances }: HostingOption): boolean =>
  meetsTarget && instances?.value === 1;

function recommend(model: ModelFigures, measurements: readonly Measurement[]): string {
  const question = referenceQuestion(model);
  const book = shippedPriceBook();
  const price = (name: string): number =>
    book.usdPerInstanceHourOrStandIn(name, question.region)?.usd.value ?? Infinity;
  const types = defaultTypes().sort((a, b) => price(a) - price(b));
  const instances = types.map(instanceType).filter((type) => memoryHeadroom(type, [model]).value >= 0);
  const loadOn = (type: InstanceType): Load =>
    loadOf(question, ROUTE_SECONDS.value, measurements, processesOn(model, type));
  const rateOf = (instance: InstanceType): number =>
    tokensPerSecond(question, { instance }, measurements).value;
  // The first that would be an option with one instance, without the other numbers of an option: the command waits for this.
  const alone = instances.find((type) => {
    const fleet = fleetOf(loadOn(type), rateOf(type), 1);
    return fleet.meets && fleet.utilisation <= PLANNED_UTILISATION;
  });
  if (alone) return alone.name;
  const options = types.map((type) => instanceOption(question, 'real-time', type, book, measurements));
  const [first] = options.sort(cheapestFirst(question.region));
  if (first!.meetsTarget) return first!.instanceType!;
  // No fleet meets the target: what is nearest to it where no query waits.
  const seconds = new Map(instances.map((type) => [type.name, aloneP95(loadOn(type), rateOf(type))]));
  const [fastest] = [...seconds].sort((a, b) => a[1] - b[1]);
  return fastest?.[0] ?? first!.instanceType!;
}

/** What `cdk deploy` takes by default beside what is cheapest here, and why. */
export function defaultNote({ model }: Question, options: readonly HostingOption[]): string {
  const { queriesPerSecond, p95Ms } = referenceQuestion(model);
  const name = recommendedInstanceType(model);
  const realTime = options.filter(({ hosting }) => hosting === 'real-time');
  const own = realTime.find((option) => option.instanceType === name);
  const here = !own
    ? ''
    : own.meetsTarget
      ? '; it meets the target of this question, too'
      : '; it does not meet the target of this question: set instanceType';
  const cheaper = realTime.find(({ meetsTarget }) => meetsTarget)?.instanceType;
  const other =
    !cheaper || cheaper === name || instanceType(cheaper).batchTransform
      ? ''
      : `; ${cheaper} is left out because batch transform does not run on it: set instanceType where you need none`;
  return `\`cdk deploy\` takes ${name} where no type is named: the cheapest of real-time hosting for ${queriesPerSecond} request a second of ${DOCUMENTS_PER_REQUEST} documents within ${p95Ms / 1000} s, of the types up to ${MOST_VCPUS} vCPUs that run batch transform as well and compute int8 exactly${other}${here}`;
}
