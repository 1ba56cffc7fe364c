/** ONNX Runtime's options for every session that runs an encoder, in the container, in training and in measurements. */
export const SESSION_OPTIONS = {
  // The graphs of this project are already in the form that runs best, and of exported ones (fp32 and int8, 16 x 128
  // tokens) the larger fusions made none faster and some slower.
  graphOptimizationLevel: 'basic',
  // Attention far from the diagonal underflows; arithmetic on denormal numbers takes ten times as long.
  extra: { session: { set_denormal_as_zero: '1' } },
} as const;
