"""Haystack's ranker for text-embeddings-inference, pointed at the container: RERANKER_URL=http://127.0.0.1:8080."""

import os

from haystack import Document
from haystack.components.rankers import HuggingFaceTEIRanker

ranker = HuggingFaceTEIRanker(url=os.environ.get("RERANKER_URL", "http://127.0.0.1:8080"), top_k=2, token=None)
documents = [Document(content=text) for text in ("A cat sat.", "Redis keeps values in memory.", "Bread rises.")]
for document in ranker.run(query="in-memory cache", documents=documents)["documents"]:
    print(f"{document.score:.3f} {document.content}")
