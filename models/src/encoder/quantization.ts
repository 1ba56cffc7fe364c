import type { EncoderSpec } from './spec.js';

/** Precision of a model: of weights and products, or of weights alone. */
export const PRECISIONS = ['fp32', 'int8', 'int8-weights'] as const;
export type Precision = (typeof PRECISIONS)[number];

/**
 * How the products that read one activation are computed: in float32; with 8-bit integers; with integers that have a zero
 * point of each row's own; with activations of two bytes; in float32 on weights kept as 8-bit integers.
 */
export type ProductForm = 'fp32' | 'int8' | 'offset' | 'fine' | 'weights';

/**
 * What is done to an activation so that one step serves all of its channels: x becomes (x - shift) / scale, by channel. Norms,
 * weights and biases around it take that over, so that the model computes what it did.
 * Source: Outlier Suppression+ (arXiv 2304.09145), SmoothQuant (arXiv 2211.10438).
 */
export interface Equalization {
  readonly scale: Float32Array;
  readonly shift?: Float32Array;
}

/** Quantization of a model, by the names of the activations that its products read. */
export interface Quantization {
  readonly forms?: Readonly<Record<string, ProductForm>>;
  readonly equalization?: ReadonlyMap<string, Equalization>;
  /** Mean square of every channel as the products read it, equalized. */
  readonly importance?: ReadonlyMap<string, Float32Array>;
  /** What rounding adds to every logit, in the mean over some texts: it is taken off again. */
  readonly logitShift?: number;
}

export type ActivationPlace = 'attention_input' | 'attention_output' | 'mlp_input' | 'mlp_output';

export function activationName(layer: number, place: ActivationPlace): string {
  return `layer.${layer}.${place}`;
}

/** An activation that products with weights read. */
export interface ActivationFacts {
  readonly name: string;
  readonly place: ActivationPlace;
  /** Channels. */
  readonly width: number;
  /** Weights that read it, by published name; each is [out, width]. */
  readonly readers: readonly { readonly weight: string; readonly out: number; readonly from: number }[];
  /** Lies on one side of 0, but for a little. */
  readonly oneSided: boolean;
  /** Whether it can be equalized, and whether with a shift, at hardly any cost. */
  readonly equalizes: 'not' | 'scale' | 'scale and shift';
}

/** Whether the head reads the first token alone, so that the last layer need compute no other row past keys and values. */
export function skipsRows(spec: EncoderSpec): boolean {
  return spec.pooling === 'first';
}

/** The activations whose precision is a choice: those of all rows. The few that the head alone reads are always fine. */
export function activationsOf(spec: EncoderSpec): ActivationFacts[] {
  const { hidden, intermediate, layers } = spec.architecture;
  const readers = (...parts: (EncoderSpec['layers'][number]['query'] | undefined)[]) =>
    parts.flatMap((part) =>
      part === undefined ? [] : [{ weight: part.weight, out: part.out, from: part.part?.from ?? 0 }],
    );
  return spec.layers.flatMap((layer, i) => {
    const { gate, inner, output } = layer.mlp;
    const gated = gate !== undefined;
    const shifts = (bias: string | undefined): 'scale' | 'scale and shift' =>
      bias === undefined ? 'scale' : 'scale and shift';
    const facts = (
      place: ActivationPlace,
      width: number,
      rest: Omit<ActivationFacts, 'name' | 'place' | 'width' | 'oneSided'>,
      oneSided = false,
    ): ActivationFacts => ({
      name: activationName(i, place),
      place,
      width,
      oneSided,
      ...rest,
    });
    const last = i === layers - 1 && skipsRows(spec);
    const input = facts('attention_input', hidden, {
      readers: last ? readers(layer.key, layer.value) : readers(layer.query, layer.key, layer.value),
      // A rotated key would carry the shift along.
      equalizes: spec.attention.kind === 'rotary' ? 'scale' : shifts(layer.query.bias),
    });
    if (last) return [input];
    return [
      input,
      facts('attention_output', hidden, { readers: readers(layer.attentionOutput), equalizes: 'scale' }),
      facts('mlp_input', hidden, {
        readers: readers(gate, inner),
        equalizes: gated ? 'scale' : shifts(inner.bias),
      }),
      facts(
        'mlp_output',
        intermediate,
        { readers: readers(output), equalizes: gated ? 'scale' : 'not' },
        !gated && spec.activation !== 'tanh',
      ),
    ];
  });
}
