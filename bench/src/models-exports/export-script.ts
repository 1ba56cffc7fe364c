/**
 * Writes a small-vocabulary cross-encoder of each structure with random weights, `config.json` and `model.safetensors` as
 * transformers saves them, and `exported.onnx` as torch exports it. Argument: the directory.
 */
export const EXPORT_SCRIPT = `import os, sys, torch
from transformers import *
torch.manual_seed(0)
sizes = dict(vocab_size=2000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=1,
             attn_implementation="eager")
long = 4096
special = dict(pad_token_id=0, cls_token_id=2, sep_token_id=3, bos_token_id=2, eos_token_id=3)
models = {
  "bert": (BertForSequenceClassification, BertConfig(**sizes, max_position_embeddings=long)),
  "xlm-roberta": (XLMRobertaForSequenceClassification,
                  XLMRobertaConfig(**sizes, max_position_embeddings=long + 2, pad_token_id=1, type_vocab_size=1)),
  "modernbert": (ModernBertForSequenceClassification, ModernBertConfig(**sizes, **special, max_position_embeddings=long)),
  "deberta-v2": (DebertaV2ForSequenceClassification, DebertaV2Config(
      **{k: v for k, v in sizes.items() if k != "attn_implementation"}, max_position_embeddings=long, relative_attention=True,
      pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0, pad_token_id=0, pooler_hidden_act="gelu",
      pooler_hidden_size=384, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True)),
}
names = ["input_ids", "attention_mask"]
axes = {name: {0: "batch", 1: "sequence"} for name in names}
for name, (kind, config) in models.items():
  directory = os.path.join(sys.argv[1], name)
  model = kind(config).eval()
  model.save_pretrained(directory)
  example = (torch.full((2, 40), 5), torch.ones(2, 40, dtype=torch.long))
  torch.onnx.export(model, example, os.path.join(directory, "exported.onnx"), input_names=names, output_names=["logits"],
                    opset_version=17, dynamo=False, dynamic_axes={**axes, "logits": {0: "batch"}})
`;
