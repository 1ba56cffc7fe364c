"""LangChain's SagemakerEndpointCrossEncoder. RERANKER_URL=http://127.0.0.1:8080 asks `npx sagemaker-reranker local` instead of AWS."""

import json
import os

import boto3
from langchain_classic.retrievers.document_compressors import CrossEncoderReranker
from langchain_community.cross_encoders import SagemakerEndpointCrossEncoder
from langchain_community.cross_encoders.sagemaker_endpoint import CrossEncoderContentHandler
from langchain_core.documents import Document

url = os.environ.get("RERANKER_URL")
local = {"endpoint_url": url, "aws_access_key_id": "local", "aws_secret_access_key": "local"} if url else {}
region = os.environ.get("AWS_REGION", "eu-west-1")

model = SagemakerEndpointCrossEncoder(
    endpoint_name=os.environ.get("ENDPOINT_NAME", "reranker"),
    region_name=region,
    content_handler=CrossEncoderContentHandler(),
)
model.client = boto3.client("sagemaker-runtime", region_name=region, **local)
compressor = CrossEncoderReranker(model=model, top_n=2)

documents = [Document(page_content=text) for text in ("A cat sat.", "Redis keeps values in memory.", "Bread rises.")]
for document in compressor.compress_documents(documents, "in-memory cache"):
    print(document.page_content)
