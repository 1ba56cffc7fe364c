"""Reranks with boto3. Against AWS: ENDPOINT_NAME. Against `npx sagemaker-reranker local`: RERANKER_URL=http://127.0.0.1:8080."""

import json
import os

import boto3

url = os.environ.get("RERANKER_URL")
local = {"endpoint_url": url, "aws_access_key_id": "local", "aws_secret_access_key": "local"} if url else {}
client = boto3.client("sagemaker-runtime", region_name=os.environ.get("AWS_REGION", "eu-west-1"), **local)

documents = ["A cat sat.", "Redis keeps values in memory.", "Bread rises."]
answer = client.invoke_endpoint(
    EndpointName=os.environ.get("ENDPOINT_NAME", "reranker"),
    ContentType="application/json",
    Body=json.dumps({"query": "in-memory cache", "documents": documents, "top_n": 2}),
)
for result in json.load(answer["Body"])["results"]:
    print(f"{result['relevance_score']:.3f} {result['document']['text']}")
