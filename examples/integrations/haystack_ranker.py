"""Haystack's Jina ranker (pip install jina-haystack), pointed at the container: RERANKER_URL=http://127.0.0.1:8080."""

import os

from haystack import Document
from haystack.utils import Secret
from haystack_integrations.components.rankers.jina import JinaRanker

ranker = JinaRanker(
    base_url=os.environ.get("RERANKER_URL", "http://127.0.0.1:8080") + "/v1/rerank",
    api_key=Secret.from_token("none"),  # The container asks for none; SageMaker's own API is for signed calls.
    top_k=2,
)
documents = [Document(content=text) for text in ("A cat sat.", "Redis keeps values in memory.", "Bread rises.")]
for document in ranker.run(query="in-memory cache", documents=documents)["documents"]:
    print(f"{document.score:.3f} {document.content}")
