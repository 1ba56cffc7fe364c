/** What the parts of the cost comparison hand to each other. Plain data throughout: everything here is written as JSON. */
import type { ModelFigures } from '@sagemaker-reranker/models';

/**
 * Where a number comes from. `measured`: a run of this project's container on the machine named in its source.
 * `list price`: a price as its seller publishes or bills it. `estimated`: everything else: what is computed from the
 * other two, prices that were derived, and assumptions.
 */
type Basis = 'measured' | 'estimated' | 'list price';

/** A number with its basis. An estimate whose uncertainty is known carries an interval, both ends included. */
export interface Figure {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly basis: Basis;
  /** What was measured where, which list, or what it is computed from: one sentence for a reader. */
  readonly source: string;
}

export type Precision = ModelFigures['precision'];

export const HOSTING_MODES = [
  'real-time',
  'serverless',
  'asynchronous',
  'multi-model',
  'inference-components',
] as const;
export type HostingMode = (typeof HOSTING_MODES)[number];

/** A share of the documents that has a length: `{ tokens: 44, share: 0.5 }`. Shares of a mix sum to 1. */
export interface LengthShare {
  /** Tokens of the document, without the query and the special tokens. */
  readonly tokens: number;
  /** 0..1 */
  readonly share: number;
}

/** The computer that a measurement ran on. */
export interface Machine {
  /** An instance type such as `ml.c7i.xlarge`, or a name that stands for a machine that is none. */
  readonly name: string;
  /** Processor as the operating system names it, null behind an endpoint. */
  readonly processor: string | null;
  readonly architecture: 'x86_64' | 'arm64';
  /** vCPUs that the container could use. */
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Instruction sets that matter for the products: `avx2`, `avx512f`, `avx512_vnni`, `amx_int8`, `asimddp`, `i8mm`, `sve`. */
  readonly instructionSets: readonly string[];
}

/** Latencies of the answered requests of a step, in milliseconds, waiting included. */
export interface Latencies {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** How much of a step was not the container's. */
interface Disturbance {
  /** Part of the processors that other processes took, 0..1; absent where the system does not tell. */
  readonly elsewhere?: number;
}

/** A step of the concurrency sweep: as many requests in flight as `concurrency`, the next sent when one is answered. */
export interface ClosedStep extends Latencies, Disturbance {
  readonly concurrency: number;
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  /** Of the failed, those refused for load: 429, 503, throttling. */
  readonly throttled: number;
  /** Failed requests by their error code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly requestsPerSecond: number;
  readonly pairsPerSecond: number;
  readonly tokensPerSecond: number;
}

/** A step with open-loop arrivals: requests start at the times of a Poisson process, whether or not others were answered. */
export interface OpenStep extends Latencies, Disturbance {
  /** Mean rate of the arrivals. */
  readonly offeredPerSecond: number;
  /** Answered requests a second. */
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly requests: number;
  /** Refused, timed out or broken; counted apart, not in the latencies. */
  readonly failed: number;
  /** Of the failed, those refused for load: 429, 503, throttling. */
  readonly throttled: number;
  /** Failed requests by their error code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Offered tokens ÷ tokens at saturation: 1 and more cannot be kept up with. */
  readonly utilisation: number;
}

/** Queries of one size, of the same mix of lengths as the measurement's others. */
export interface MeasuredSize {
  readonly documentsPerQuery: number;
  readonly meanPairTokens: number;
  readonly closed: readonly ClosedStep[];
}

/** What `reranker cost measure` writes. Real instances' measurements replace estimates. */
export interface Measurement {
  readonly format: 2;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Version of this package that made it. */
  readonly version: string;
  /** The command line that made it. */
  readonly command: string;
  readonly machine: Machine;
  /** The SageMaker instance type, null for a machine that is none. */
  readonly instanceType: string | null;
  readonly region: string | null;
  /** `container`: a local process, no SageMaker in between. */
  readonly hosting: HostingMode | 'container';
  /** Serverless only: its memory size in MB. */
  readonly serverlessMemoryMb?: number;
  readonly model: ModelFigures;
  readonly software: { readonly node: string; readonly onnxruntime: string } | null;
  /** Inference processes of the container, which divide its processors; 1 where it is not known. */
  readonly processes?: number;
  readonly traffic: {
    readonly documentsPerQuery: number;
    readonly queryTokens: number;
    readonly documentTokens: readonly LengthShare[];
    /** Mean tokens of a pair, special tokens included: what every tokens figure here counts (no padding). */
    readonly meanPairTokens: number;
    readonly seed: number;
  };
  readonly saturation: {
    readonly pairsPerSecond: number;
    readonly tokensPerSecond: number;
    /** CPU seconds of all the container's processes per 1,000 tokens; null where they cannot be read (an endpoint). */
    readonly cpuSecondsPer1kTokens: number | null;
    readonly cpuSecondsPerPair: number | null;
  };
  /**
   * One request at a time: the service time without waiting. Its squared coefficient of variation
   * (variance ÷ mean²) enters the queueing formula.
   */
  readonly alone: Latencies & { readonly squaredVariation: number };
  readonly closed: readonly ClosedStep[];
  /** Closed loops with queries of other sizes: they tell what a request and a batch cost beside their tokens. */
  readonly sizes?: readonly MeasuredSize[];
  readonly open: readonly OpenStep[];
  /** Resident memory of all processes of the container; null where it cannot be read. */
  readonly memory: { readonly idleMib: number; readonly peakMib: number } | null;
  /** The highest offered rate whose p95 stayed under `factor` times p95 alone; null if none did. */
  readonly knee: {
    readonly offeredPerSecond: number;
    readonly p95Ms: number;
    readonly factor: number;
  } | null;
  /** From start to the first healthy /ping; null where it was not seen. */
  readonly startSeconds: number | null;
}

/** When the traffic comes. `hoursPerMonth` of 730 carry `queriesPerSecond`; no query comes in the others. */
export interface Duty {
  readonly name: string;
  readonly hoursPerMonth: number;
  /** Times a month that traffic sets in after a pause long enough to scale to zero. */
  readonly startsPerMonth: number;
}

/** The work that is compared. */
export interface Question {
  readonly model: ModelFigures;
  /** Model directory that the figures were read from, for the question's command line. */
  readonly modelDirectory?: string;
  readonly region: string;
  /** Mean rate while traffic is on; with a profile its highest hour. */
  readonly queriesPerSecond: number;
  readonly documentsPerQuery: number;
  /** Mean tokens of a pair: query, document and special tokens. */
  readonly tokensPerPair: number;
  /** Lengths of pairs, where they are known; by default the measured mix, stretched to `tokensPerPair`. */
  readonly pairTokens?: readonly LengthShare[];
  readonly p95Ms: number;
  readonly duty: Duty;
  /** Queries a second in each of the 24 hours of a day, scaled to from one to the next; `duty` follows from it. */
  readonly profile?: readonly number[];
  /** Instances that are kept, whatever the load; by default 1, or none where the mode scales to zero. */
  readonly minInstances?: number;
  /** Zones that the instances are spread over; the target holds with one of them lost. */
  readonly zones?: number;
  /** Prices with a machine learning savings plan of this term, without payment in advance. */
  readonly savingsPlan?: '1yr' | '3yr';
  /** Counts storage, logs, data and cross-zone traffic into the cost. */
  readonly total?: boolean;
}

/** A hosting mode on an instance type or a memory size, sized for the question. */
export interface HostingOption {
  /** Unique in a comparison: `real-time/ml.c7i.large/tiny`. */
  readonly id: string;
  /** For a label: `real-time ml.c7i.large`. */
  readonly label: string;
  readonly hosting: HostingMode;
  /** Name of the model. */
  readonly model: string;
  readonly precision: Precision;
  /** Null for serverless. */
  readonly instanceType: string | null;
  /** Serverless only. */
  readonly memoryMb: number | null;
  /** Instances (serverless: concurrent executions) at the highest load; null when no number meets the target. */
  readonly instances: Figure | null;
  /** 0..1 of the capacity, at the highest load. */
  readonly utilisation: Figure | null;
  /** Tokens a second of one instance. */
  readonly capacityTokensPerSecond: Figure;
  readonly p95Ms: Figure | null;
  /** Null when a price is missing: `gaps` of the comparison names it. */
  readonly usdPerMonth: Figure | null;
  readonly usdPerMillionDocuments: Figure | null;
  /** Region of the price. Another than the question's is a stand-in: such an option is never the cheapest. Null without a price. */
  readonly priceRegion: string | null;
  /** Memory of one instance that stays free at the longest pair; negative when the model does not fit. */
  readonly memoryHeadroomMib: Figure;
  readonly meetsTarget: boolean;
  /** Why it does not meet the target, and what would; empty when it does. */
  readonly reasons: readonly string[];
  /** What a reader should know although it meets the target: cold starts, burst credits, a conservative bound. */
  readonly notes: readonly string[];
  /** No other option that meets the target, with a price of the region, is both cheaper and faster. */
  readonly onFrontier: boolean;
}

/** An API sold per call or per token, for the same work. */
export interface ServiceOption {
  readonly id: string;
  readonly label: string;
  readonly usdPerMonth: Figure | null;
  readonly usdPerMillionDocuments: Figure | null;
  readonly notes: readonly string[];
}

/** Monthly cost of an option over the load, other things equal. */
export interface CostCurve {
  /** `id` of a HostingOption or a ServiceOption. */
  readonly option: string;
  readonly label: string;
  readonly points: readonly {
    readonly queriesPerSecond: number;
    readonly usdPerMonth: number;
    /** Null for services: not this project's to say. */
    readonly p95Ms: number | null;
  }[];
  readonly basis: Basis;
}

/** A model on memory-billed hosting, for the comparison of base with turbo with tiny, and with the one asked for. */
export interface MemoryBilledRow {
  readonly model: string;
  readonly precision: Precision;
  readonly neededMib: Figure;
  /** Least serverless size that holds it; null when none does. */
  readonly memoryMb: number | null;
  /** Price of a second of one execution. */
  readonly usdPerSecond: Figure | null;
  /** 1 - usdPerSecond ÷ that of base at the same precision: what the smaller memory alone saves. */
  readonly memorySavedAgainstBase: Figure | null;
  /** Seconds of one query of the question, alone. */
  readonly secondsPerQuery: Figure | null;
  readonly usdPerMillionDocuments: Figure | null;
  /** 1 - usdPerMillionDocuments ÷ that of base at the same precision. */
  readonly savedAgainstBase: Figure | null;
}

/** An accelerator that this container has no use for, with what it would cost. */
export interface AcceleratorRow {
  readonly instanceType: string;
  readonly priceRegion: string;
  readonly usdPerMonth: Figure;
}

/** The answer: `reranker cost compare --json` writes it as it is. */
export interface Comparison {
  readonly format: 3;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly question: Question;
  readonly priceBook: { readonly date: string; readonly description: string };
  /** Measurements that the estimates are calibrated on, one line each. */
  readonly calibration: readonly string[];
  /**
   * `id` of the cheapest option that meets the target at a price of the region itself; null when none has one. By the prices
   * of other regions it is the first option that meets the target.
   */
  readonly cheapest: string | null;
  /** Those that meet the target, cheapest first, stand-in prices after prices of the region; then the others. */
  readonly options: readonly HostingOption[];
  readonly services: readonly ServiceOption[];
  readonly memoryBilled: readonly MemoryBilledRow[];
  readonly accelerators: readonly AcceleratorRow[];
  readonly curves: readonly CostCurve[];
  /** Prices that are not known, one line each. */
  readonly gaps: readonly string[];
  /** What holds for every row: hours a month, method, limits. */
  readonly notes: readonly string[];
}
