import { ClientReranker, HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import type { TeacherConfig } from '../config.js';
import type { ScoreDocuments } from '../teacher/teacher.js';

/** A container or an endpoint as teacher, through the typed client. */
export function connectTeacher({ kind, url, endpointName, region }: TeacherConfig): ScoreDocuments {
  const client =
    kind === 'container'
      ? new RerankerClient({ transport: new HttpTransport({ url: url! }) })
      : new RerankerClient({ endpointName: endpointName!, ...(region !== undefined && { region }) });
  const reranker = new ClientReranker(kind, client);
  return (query, documents) =>
    reranker.rerank(
      query,
      documents.map((text, i) => ({ id: String(i), text })),
    );
}
