import { HttpTransport, RerankerClient } from '../../client';
import { ClientReranker } from '../../evaluation/client-reranker';
import type { TeacherConfig } from '../../models/distil/config';
import type { ScoreDocuments } from '../../models/distil/teacher/teacher';

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
